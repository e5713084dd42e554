#include "pool3/text.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

namespace pool3 {
namespace {

// NOLINTBEGIN(misc-misleading-bidirectional): texts that mislead are what is tested

TEST(Text, WhatIsInOrderStays) {
  for (const std::string text : {"", "a b", R"(C:\n "q")", "caf\u00e9", "\u043d\u0435\u0442", "\u5546\u54c1",
                                 "\U0001f600", "\ufffd", "a\u00a0b"}) {
    EXPECT_EQ(one_line(text), text);
    EXPECT_EQ(one_line_json(text), text);
  }
}

TEST(Text, ControlCharactersBecomeEscapes) {
  EXPECT_EQ(one_line("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(one_line("\x1b[2J\x7f"), "\\x1b[2J\\x7f");
  EXPECT_EQ(one_line(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(one_line("\u009b2J"), "\\u009b2J");  // C1: begins a sequence, as ESC [ does
}

TEST(Text, WhatTurnsOrHidesTextBecomesEscapes) {
  EXPECT_EQ(one_line("a\u202egnp.b"), "a\\u202egnp.b");
  EXPECT_EQ(one_line("\u2066\u2069\u200f\u061c"), "\\u2066\\u2069\\u200f\\u061c");
  EXPECT_EQ(one_line("a\u200bb\ufeff\u00ad"), "a\\u200bb\\ufeff\\u00ad");
  EXPECT_EQ(one_line("\u2028\u2029"), "\\u2028\\u2029");
  EXPECT_EQ(one_line("\U0001f469\u200d\U0001f467"), "\U0001f469\u200d\U0001f467");  // a family, in one picture
  EXPECT_EQ(one_line("\u0645\u06cc\u200c\u062e"), "\u0645\u06cc\u200c\u062e");      // Persian
  EXPECT_EQ(one_line("a\u200db\u00e9\u200d\u200d"), "a\\u200db\u00e9\\u200d\\u200d");
  EXPECT_EQ(one_line("\U000e0041"), "\\U000e0041");
}

TEST(Text, BytesThatAreNoUtf8BecomeEscapes) {
  EXPECT_EQ(one_line("latin \xe9."), "latin \\xe9.");
  EXPECT_EQ(one_line("cut \xe2\x82"), "cut \\xe2\\x82");
  EXPECT_EQ(one_line("\xc0\xaf"), "\\xc0\\xaf");                    // too long a form of '/'
  EXPECT_EQ(one_line("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // half of a pair of UTF-16
  EXPECT_EQ(one_line("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
  EXPECT_EQ(one_line("\x9b"), "\\x9b");
}

TEST(Text, ASecondCallChangesNothing) {
  const std::string once = one_line("\x1b\n\xff\u202e\\");
  EXPECT_EQ(one_line(once), once);
}

TEST(Text, JsonKeepsItsValue) {
  EXPECT_EQ(one_line_json("{\"a\":\"\u202e\u009b\x7f\"}"), "{\"a\":\"\\u202e\\u009b\\u007f\"}");
  EXPECT_EQ(one_line_json("\"\U000e0041\""), "\"\\udb40\\udc41\"");
}

TEST(Utf8, TellsWhereItEnds) {
  EXPECT_EQ(valid_utf8(""), 0U);
  EXPECT_EQ(valid_utf8("a\xC3\xA9\xF0\x9F\x98\x80"), 7U);
  EXPECT_EQ(valid_utf8("ab\xFF"), 2U);
  EXPECT_EQ(valid_utf8("a\xC3"), 1U);
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), 0U);  // a surrogate
  EXPECT_EQ(valid_utf8("\xC0\xAF"), 0U);      // an overlong slash
}

TEST(Utf8, KeepsDifferentTextsApart) {
  EXPECT_EQ(utf8_text("caf\xC3\xA9 \\ x"), "caf\xC3\xA9 \\ x");
  EXPECT_EQ(utf8_text("caf\xE9"), "caf\\xe9");
  EXPECT_EQ(utf8_text("caf\xE8"), "caf\\xe8");
  EXPECT_EQ(utf8_text("caf\\xe9"), "caf\\\\xe9");
  EXPECT_EQ(utf8_text("a\\b\xFF"), "a\\\\b\\xff");
}

TEST(Utf8, GivesTheTextBack) {
  for (const char* text :
       {"", "caf\xC3\xA9 \\ x", "caf\xE9", "caf\\xe9", "a\\b\xFF", "\\", "\\\\x", "\\xe9\xE9\\", "C:\\x\\y"})
    EXPECT_EQ(text_of_utf8(utf8_text(text)), text);
  std::mt19937 chance(1);
  const std::string_view letters = "\\\\\\xx0eE9\xC3\xA9\xFF";
  for (int i = 0; i < 2000; ++i) {
    std::string text(chance() % 8, ' ');
    for (char& c : text) c = letters[chance() % letters.size()];
    EXPECT_EQ(text_of_utf8(utf8_text(text)), text);
  }
  for (const char* strange : {"\\x", "\\x4", "\\xg1", "a\\b\\xe9", "\\x+1", "\\xe9\\"})
    EXPECT_EQ(text_of_utf8(strange), strange);  // utf8_text() makes none of these
}

TEST(ExcessOfJson, IsADepthBeyond128) {
  const std::string at_most(128, '['), ends(128, ']');
  EXPECT_EQ(excess_of_json(""), "");
  EXPECT_EQ(excess_of_json(at_most + ends), "");
  EXPECT_EQ(excess_of_json("[" + at_most + ends + "]"), "it is nested too deeply");
  EXPECT_EQ(excess_of_json("\"\\\"" + std::string(500, '{') + "\""), "");  // inside a text
  std::string objects;
  for (int i = 0; i < 200; ++i) objects += R"({"[]": )";
  EXPECT_EQ(excess_of_json(objects), "it is nested too deeply");
}

TEST(ExcessOfJson, IsAnObjectOfManyMembers) {
  std::string beside = "[", members = "{";
  for (int i = 0; i < 16384; ++i) {
    beside += R"({"a": [], "b:": 1},)";
    members += "\"" + std::to_string(i) + "\": 1,";
  }
  EXPECT_EQ(excess_of_json(beside + "0]"), "");
  EXPECT_EQ(excess_of_json(members + R"("more": {"of": "an", "inner": "one"}})"),
            "it has an object of too many members");
  members.pop_back();
  EXPECT_EQ(excess_of_json("[" + members + "}," + members + "}]"), "");
}

TEST(LowerCase, IsOfAsciiLettersAlone) {
  EXPECT_EQ(lower_case("IMG_01.JPEG"), "img_01.jpeg");
  EXPECT_EQ(lower_case("@[`{"), "@[`{");
  EXPECT_EQ(lower_case("\u00c9\xff A"), "\u00c9\xff a");
}

TEST(ParseNumber, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_number<int>("-12"), -12);
  EXPECT_EQ(parse_number<double>("2.5e-1"), 0.25);
  EXPECT_EQ(parse_number<std::size_t>("18446744073709551615"), ~std::size_t{0});
  for (const char* text : {"", " 1", "1 ", "+1", "1x", "x", "1.5", "99999999999"})
    EXPECT_EQ(parse_number<int>(text), std::nullopt) << text;
  EXPECT_EQ(parse_number<std::uint32_t>("-1"), std::nullopt);
}

// NOLINTEND(misc-misleading-bidirectional)

}  // namespace
}  // namespace pool3
