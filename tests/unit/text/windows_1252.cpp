#include "pool3/text/windows_1252.hpp"

#include <gtest/gtest.h>

namespace pool3 {
namespace {

TEST(Windows1252, IsWhatWindowsShows) {
  std::string text;
  append_windows_1252(text, "a\x80\x9f\xa0\xe9\xff\x81");
  EXPECT_EQ(text, "a€Ÿ\u00a0éÿ\ufffd");
  EXPECT_EQ(to_windows_1252("a€Ÿ\u00a0éÿ"), "a\x80\x9f\xa0\xe9\xff");
  EXPECT_EQ(to_windows_1252("Ā\xff"), "Ā\xff");  // which it does not have
}

TEST(Windows1252, IsToldFromUtf8) {
  EXPECT_TRUE(encoding_signs("caf\xe9\r\n\tna\xefve").is_windows_1252());
  EXPECT_FALSE(encoding_signs("cafe").is_windows_1252());
  EXPECT_FALSE(encoding_signs("café").is_windows_1252());
  EXPECT_FALSE(encoding_signs("caf\xe9, café").is_windows_1252());
  EXPECT_FALSE(encoding_signs("caf\xe9\x8d").is_windows_1252());
  EXPECT_FALSE(encoding_signs(std::string_view("\xe9\0", 2)).is_windows_1252());
  EncodingSigns both = encoding_signs("caf\xe9");
  both.add(encoding_signs("café"));
  EXPECT_FALSE(both.is_windows_1252());
}

}  // namespace
}  // namespace pool3
