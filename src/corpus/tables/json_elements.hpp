#pragma once
// The values of a JSON document, one after the other. Private to the room.

#include <cstdint>
#include <string>

#include "corpus/tables/text_input.hpp"

namespace pool3::corpus {

/// The values of a document one after the other, so that a large one takes no more memory than its largest value: the
/// elements of its list, or the members of its object and the elements of lists in it.
class JsonElements {
 public:
  struct Element {
    std::string key;        ///< of the member that it is, or whose list it is in
    std::string text;       ///< not checked beyond brackets and quotes
    bool in_list = false;   ///< of a member's list
    std::int64_t line = 0;  ///< where it begins, from 1
  };
  explicit JsonElements(TextInput& input);
  /// False at the end. Throws Error that names the line.
  bool next(Element& element);

 private:
  int peek_visible();
  void take(std::string& text);
  void value(std::string& text);
  void string(std::string& text);
  void next_member();
  [[noreturn]] void fail() const;

  TextInput& input_;
  std::int64_t line_ = 1;
  std::string key_;
  bool is_list_ = false, is_in_member_ = false, is_first_ = true, is_over_ = false;
};

}  // namespace pool3::corpus
