// Any bytes as a table of baselines. What is taken is written as a table that is taken again.

#include "pool3/baselines.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "pool3/error.hpp"

namespace {

pool3::BaselineTable read(std::string_view bytes) {
  const int file = memfd_create("input", MFD_CLOEXEC);
  if (file < 0 || pwrite(file, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  struct Closer {
    int number;
    ~Closer() { close(number); }
  } const closer{file};
  return pool3::read_baselines("/proc/self/fd/" + std::to_string(file));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  bool accepted = false;
  try {
    const std::string once = to_json(read(bytes));
    accepted = true;
    if (to_json(read(once)) != once) std::abort();
  } catch (const pool3::Error& error) {
    if (accepted || error.fields().cause.empty()) std::abort();
  }
  return 0;
}
