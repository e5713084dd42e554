#pragma once
// Which error was it?

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "pool3/error.hpp"

namespace pool3::test {

struct Caught : ErrorFields {
  std::string line;         ///< what is printed
  bool collective = false;  ///< every rank has it
};

/// The Error that `action` throws, in one line. A failure of the test if it throws none.
template <typename Action>
Caught error_of(Action&& action) {
  try {
    static_cast<void>(std::forward<Action>(action)());
  } catch (const Error& error) {
    const std::string line = error.what();
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    return {error.fields(), line, error.collective()};
  }
  ADD_FAILURE() << "no error was thrown";
  return {};
}

}  // namespace pool3::test
