#include "weights/makers/js_literal.hpp"

#include <nlohmann/json.hpp>

namespace pool3 {
namespace {

constexpr int deepest = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }

/// Reads one literal and writes it as JSON. Every step looks at no byte beyond the end.
class Converter {
 public:
  explicit Converter(std::string_view text) : text_(text) {}

  std::string convert() {
    value(0);
    return std::move(json_);
  }

 private:
  [[noreturn]] void fail(const char* cause) const { throw JsLiteralError(cause, at_); }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (is_space(peek())) ++at_;
  }

  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void value(int depth) {
    if (depth > deepest) fail("nested too deeply");
    skip_space();
    const char c = peek();
    if (c == '{') return object(depth);
    if (c == '[') return array(depth);
    if (c == '"' || c == '\'') return put_string(string());
    if (c == '!') return flag();
    if (c == '-' || c == '.' || is_digit(c)) return number();
    word();
  }

  void object(int depth) {
    ++at_;
    json_ += '{';
    bool first = true;
    while (!take('}')) {
      if (!first && !take(',')) fail("expected ',' or '}'");
      if (!first) json_ += ',';
      first = false;
      put_string(key());
      if (!take(':')) fail("expected ':'");
      json_ += ':';
      value(depth + 1);
    }
    json_ += '}';
  }

  void array(int depth) {
    ++at_;
    json_ += '[';
    bool first = true;
    while (!take(']')) {
      if (!first && !take(',')) fail("expected ',' or ']'");
      if (!first) json_ += ',';
      first = false;
      value(depth + 1);
    }
    json_ += ']';
  }

  std::string key() {
    skip_space();
    if (peek() == '"' || peek() == '\'') return string();
    const std::string_view name = name_here();
    if (name.empty()) fail("expected a key");
    if (is_digit(name.front()) && name.find_first_not_of("0123456789") != std::string_view::npos) fail("bad key");
    return std::string(name);
  }

  std::string_view name_here() {
    const std::size_t begin = at_;
    while (is_name(peek())) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string string() {
    const char quote = text_[at_++];
    std::string out;
    while (true) {
      if (at_ >= text_.size()) fail("string without an end");
      const char c = text_[at_++];
      if (c == quote) return out;
      if (c == '\n' || c == '\r') fail("line break in a string");
      if (c == '\\') {
        escape(out);
      } else {
        out += c;
      }
    }
  }

  void escape(std::string& out) {
    static constexpr std::string_view from = "nrtbfv0\"'\\/";
    static constexpr std::string_view to("\n\r\t\b\f\v\0\"'\\/", 11);
    const char c = peek();
    const std::size_t known = from.find(c);
    if (at_ >= text_.size() || (c == '0' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) fail("bad escape");
    ++at_;
    if (known != std::string_view::npos) {
      out += to[known];
    } else if (c == 'x' || c == 'u') {
      unicode(c == 'x' ? 2 : 4, out);
    } else {
      fail("bad escape");
    }
  }

  void unicode(std::size_t digits, std::string& out) {
    const std::string_view hex = text_.substr(at_, digits);
    if (hex.size() != digits) fail("bad escape");
    for (const char c : hex) {
      if (!is_hex(c)) fail("bad escape");
    }
    at_ += digits;
    const unsigned long code = std::stoul(std::string(hex), nullptr, 16);
    if (code >= 0xd800 && code < 0xe000) fail("surrogate in a string");
    put_utf8(static_cast<unsigned>(code), out);
  }

  static void put_utf8(unsigned code, std::string& out) {
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xc0U | (code >> 6U));
      out += static_cast<char>(0x80U | (code & 0x3fU));
    } else {
      out += static_cast<char>(0xe0U | (code >> 12U));
      out += static_cast<char>(0x80U | ((code >> 6U) & 0x3fU));
      out += static_cast<char>(0x80U | (code & 0x3fU));
    }
  }

  void put_string(const std::string& s) {
    try {
      json_ += nlohmann::json(s).dump();
    } catch (const nlohmann::json::exception&) {
      fail("string is not UTF-8");
    }
  }

  void flag() {
    ++at_;
    if (peek() != '0' && peek() != '1') fail("expected !0 or !1");
    json_ += peek() == '0' ? "true" : "false";
    ++at_;
    if (is_name(peek()) || peek() == '.') fail("expected !0 or !1");
  }

  std::string_view digits() {
    const std::size_t begin = at_;
    while (is_digit(peek())) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  void number() {
    if (peek() == '-') {
      json_ += '-';
      ++at_;
    }
    const std::string_view whole = digits();
    if (whole.size() > 1 && whole.front() == '0') fail("number with a leading zero");
    json_ += whole.empty() ? "0" : whole;
    std::string_view fraction;
    if (peek() == '.') {
      ++at_;
      fraction = digits();
      if (!fraction.empty()) json_.append(".").append(fraction);
    }
    if (whole.empty() && fraction.empty()) fail("number without digits");
    exponent();
    if (is_name(peek()) || peek() == '.') fail("bad number");
  }

  void exponent() {
    if (peek() != 'e' && peek() != 'E') return;
    ++at_;
    json_ += 'e';
    if (peek() == '+' || peek() == '-') json_ += text_[at_++];
    const std::string_view power = digits();
    if (power.empty()) fail("number without an exponent");
    json_ += power;
  }

  void word() {
    const std::string_view name = name_here();
    if (name != "true" && name != "false" && name != "null") fail("not a literal");
    json_ += name;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string json_;
};

}  // namespace

std::string js_literal_to_json(std::string_view text) { return Converter(text).convert(); }

}  // namespace pool3
