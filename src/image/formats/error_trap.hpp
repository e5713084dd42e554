#pragma once
// Errors of C codecs, which may leave only by longjmp, as C++ exceptions.

#include <array>
#include <csetjmp>
#include <cstring>

#include "pool3/error.hpp"
#include "pool3/image.hpp"

namespace pool3::image {

/// Where a codec's error handler puts its message and jumps to.
struct ErrorTrap {
  std::jmp_buf jump{};
  std::array<char, 256> message{};
  RowStatus status = RowStatus::corrupt;  ///< of the error that guarded() throws

  /// Ends the step that runs in guarded(). Holds no object with a destructor.
  [[noreturn]] void spring(const char* text) {
    std::strncpy(message.data(), text, message.size() - 1);
    std::longjmp(jump, 1);
  }
};

/// Runs `step`; when the codec springs the trap in it, throws ImageError with the trap's status and the codec's words.
/// REQUIRES: `step` makes no object with a destructor, since the jump skips it. Not inlined, so that no
/// variable of the caller lives in a register across setjmp.
template <typename Step>
[[gnu::noinline]] void guarded(ErrorTrap& trap, const Step& step) {
  if (setjmp(trap.jump) == 0) {
    step();
  } else {
    throw ImageError(trap.status, one_line(trap.message.data()));
  }
}

}  // namespace pool3::image
