#include "pool3/text/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pool3 {
namespace {

TEST(Utf8, CharactersComeBack) {
  for (const std::uint32_t code :
       {0x00U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xD7FFU, 0xE000U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    std::string text;
    append_utf8(text, code);
    const Utf8Character c = first_utf8(text + "a");
    EXPECT_TRUE(c.valid) << code;
    EXPECT_EQ(c.code, code);
    EXPECT_EQ(c.bytes, text.size());
  }
}

// Lone continuation, overlong, surrogate, beyond U+10FFFF, cut off, bytes that are in no character.
TEST(Utf8, WhatIsNoneIsOneByte) {
  for (const char* bad : {"\x80", "\xC0\xAF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
                          "\xE2\x82", "\xC3", "\xFF", "\xF0\x8F\xBF\xBF", "\xC3("}) {
    const Utf8Character c = first_utf8(bad);
    EXPECT_FALSE(c.valid) << bad;
    EXPECT_EQ(c.bytes, 1U) << bad;
    EXPECT_EQ(c.code, static_cast<unsigned char>(*bad)) << bad;
  }
}

TEST(Utf8, TextsAreCutBetweenCharacters) {
  const std::string text =
      "a\xE2\x82\xAC"
      "b";  // a, the sign of the euro, b
  EXPECT_EQ(utf8_beginning(text, 5), text);
  EXPECT_EQ(utf8_beginning(text, 4), "a\xE2\x82\xAC");
  for (const std::size_t bytes : {1U, 2U, 3U}) EXPECT_EQ(utf8_beginning(text, bytes), "a") << bytes;
  EXPECT_EQ(utf8_beginning(text, 0), "");
  EXPECT_EQ(utf8_end(text, 9), text);
  EXPECT_EQ(utf8_end(text, 4),
            "\xE2\x82\xAC"
            "b");
  for (const std::size_t bytes : {1U, 2U, 3U}) EXPECT_EQ(utf8_end(text, bytes), "b") << bytes;
  EXPECT_EQ(utf8_end(text, 0), "");
  EXPECT_EQ(utf8_beginning("\x80\x80\x80", 2), "");  // no character begins
  EXPECT_EQ(utf8_end("\x80\x80\x80", 2), "");
}

}  // namespace
}  // namespace pool3
