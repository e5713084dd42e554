#include "corpus/tables/json_elements.hpp"

#include "corpus/tables/records.hpp"

namespace pool3::corpus {
namespace {

/// Longest element. Outlines of things in pictures are much shorter.
constexpr std::size_t max_element_bytes = std::size_t{1} << 26U;

bool is_blank(int c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

JsonElements::JsonElements(TextInput& input) : input_(input) {
  const int c = peek_visible();
  if (c != '[' && c != '{') fail();
  is_list_ = c == '[';
  input_.skip();
}

void JsonElements::fail() const {
  fail_at(input_.path(), line_, "the JSON document is damaged, or ends too early", "was it fetched to its end?");
}

/// The next byte that is not blank, or `end`.
int JsonElements::peek_visible() {
  for (int c = input_.peek(); is_blank(c); c = input_.peek()) {
    if (c == '\n') ++line_;
    input_.skip();
  }
  return input_.peek();
}

void JsonElements::take(std::string& text) {
  const int c = input_.peek();
  if (c == TextInput::end) fail();
  if (text.size() >= max_element_bytes) fail_at(input_.path(), line_, "a value of more than 64 MiB");
  if (c == '\n') ++line_;
  text += static_cast<char>(c);
  input_.skip();
}

/// From its opening quote to its closing one.
void JsonElements::string(std::string& text) {
  take(text);
  while (input_.peek() != '"') {
    if (input_.peek() == '\\') take(text);
    take(text);
  }
  take(text);
}

/// Up to the comma or bracket behind it.
void JsonElements::value(std::string& text) {
  for (int depth = 0;;) {
    const int c = input_.peek();
    if (c == '"') {
      string(text);
      continue;
    }
    if (depth == 0 && (c == ',' || c == ']' || c == '}')) return;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    take(text);
  }
}

/// Reads the key of the next member, and the bracket that opens its list.
void JsonElements::next_member() {
  if (peek_visible() != '"') fail();
  std::string quoted;
  string(quoted);
  key_ = quoted.substr(1, quoted.size() - 2);
  if (peek_visible() != ':') fail();
  input_.skip();
  is_in_member_ = peek_visible() == '[';
  if (is_in_member_) input_.skip();
  is_first_ = true;
}

bool JsonElements::next(Element& element) {
  while (!is_over_) {
    const bool in_list = is_list_ || is_in_member_;
    const int c = peek_visible();
    if (c == (in_list ? ']' : '}')) {
      input_.skip();
      is_over_ = !is_in_member_;
      is_in_member_ = false;
      is_first_ = false;
      continue;
    }
    if (c == TextInput::end) fail();
    if (!is_first_) {
      if (c != ',') fail();
      input_.skip();
    }
    is_first_ = false;
    if (!in_list) {
      next_member();
      if (is_in_member_) continue;
      is_first_ = false;
    }
    static_cast<void>(peek_visible());
    element.key = key_;
    element.in_list = is_in_member_;
    element.line = line_;
    element.text.clear();
    value(element.text);
    if (element.text.empty()) fail();
    return true;
  }
  return false;
}

}  // namespace pool3::corpus
