#include "weights/makers/js_literal.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace pool3 {
namespace {

nlohmann::json parsed(std::string_view text) { return nlohmann::json::parse(js_literal_to_json(text)); }

TEST(JsLiteral, ReadsWhatMinifiersWrite) {
  EXPECT_EQ(parsed(R"({a:!0,$b_1:!1,"c d":null,'e':[.5,-.25,5.,1e-7,-3E+2,0],7:{}})"),
            nlohmann::json::parse(R"({"a":true,"$b_1":false,"c d":null,"e":[0.5,-0.25,5,1e-7,-300,0],"7":{}})"));
  EXPECT_EQ(parsed(" [ true , false , [ ] ] "), nlohmann::json::parse("[true,false,[]]"));
}

TEST(JsLiteral, KeepsEveryBitOfANumber) {
  EXPECT_EQ(parsed("-1.4470329237919228").get<double>(), -1.4470329237919228);
  EXPECT_EQ(parsed(".0029904448518566057").get<double>(), .0029904448518566057);
}

TEST(JsLiteral, ReadsStrings) {
  EXPECT_EQ(parsed(R"(["a\"b",'a"b\'','\n\t\x41\u00e9\u20ac','\\\/'])"),
            nlohmann::json({"a\"b", "a\"b'", "\n\tA\u00e9\u20ac", "\\/"}));
  EXPECT_EQ(parsed(R"('a\0b')").get<std::string>(), std::string("a\0b", 3));
}

TEST(JsLiteral, IgnoresWhatFollows) {
  EXPECT_EQ(parsed("{a:1},{}]},{},[1])(1)});"), nlohmann::json({{"a", 1}}));
  EXPECT_EQ(parsed("\"abc\";process.exit()").get<std::string>(), "abc");
}

TEST(JsLiteral, RefusesEverythingElse) {
  for (const char* text :
       {"",       " ",         "{",        "{a",           "{a:",   "{a:1",   "{a:1,",   "{a:1,}",    "{,}",
        "{a 1}",  "{a:1 b:2}", "{1a:2}",   "{-1:2}",       "[",     "[1",     "[1,]",    "[,1]",      "[1 2]",
        "\"a",    "'a\"",      "\"a\nb\"", "'\\",          "'\\q'", "'\\x4'", "'\\u12'", "'\\ud800'", "'\\01'",
        "'\xff'", "!",         "!2",       "!01",          "!!0",   "-",      ".",       "-.",        "1.2.3",
        "01",     "0x1f",      "1e",       "1e+",          "1n",    "1_0",    "+1",      "tru",       "undefined",
        "void 0", "a",         "f()",      "function(){}", "(1)",   "`a`",    "/a/",     "NaN"}) {
    EXPECT_THROW((void)js_literal_to_json(text), JsLiteralError) << text;
  }
}

TEST(JsLiteral, RefusesDeepNesting) {
  EXPECT_NO_THROW((void)js_literal_to_json(std::string(60, '[') + std::string(60, ']')));
  EXPECT_THROW((void)js_literal_to_json(std::string(1'000'000, '[')), JsLiteralError);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{a:";
  EXPECT_THROW((void)js_literal_to_json(objects), JsLiteralError);
}

}  // namespace
}  // namespace pool3
