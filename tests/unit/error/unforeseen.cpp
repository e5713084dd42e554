#include <gmock/gmock.h>

#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "pool3/error.hpp"
#include "pool3/text/utf8.hpp"

namespace pool3 {
namespace {

std::string unforeseen(const std::exception& error) { return unforeseen_error(error).what(); }

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Unforeseen, SaysThatMemoryRanOutAndWhatToDo) {
  EXPECT_THAT(unforeseen(std::bad_alloc()), AllOf(HasSubstr("memory ran out ("), HasSubstr("--threads"),
                                                  HasSubstr("--batch"), Not(HasSubstr("std::"))));
}

TEST(Unforeseen, SaysThatThreadsRanOut) {
  const auto code = std::make_error_code(std::errc::resource_unavailable_try_again);
  EXPECT_THAT(unforeseen(std::system_error(code)), AllOf(HasSubstr("no more threads"), HasSubstr("--threads")));
  EXPECT_EQ(unforeseen(std::system_error(std::make_error_code(std::errc::io_error), "disk")),
            "disk: Input/output error");
}

TEST(Unforeseen, GivesOtherWordsInOneLine) { EXPECT_EQ(unforeseen(std::runtime_error("two\nlines")), "two\\nlines"); }

TEST(Unforeseen, LeavesAnErrorAsItIs) {
  EXPECT_EQ(unforeseen_error(usage_error("a flag")).fields().code, ExitCode::usage);
}

TEST(Error, IsOneLine) {
  std::string path = "a\nb\x1b[31m";
  append_utf8(path, 0x202e);  // turns the direction of the text
  const Error error({.stage = "read", .path = path, .cause = "two\nlines"});
  EXPECT_STREQ(error.what(), "read: a\\nb\\x1b[31m\\u202e: two\\nlines");
}

}  // namespace
}  // namespace pool3
