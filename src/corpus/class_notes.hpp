#pragma once
// What a user should know of the classes of a catalogue before anything is trained on them. Private to the room.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/corpus.hpp"

namespace pool3::corpus {

/// `text` with each letter taken apart, as Unicode's NFD does, and then in lower case if `lower`. Bytes that are no
/// UTF-8 stay apart from all letters.
[[nodiscard]] std::u32string folded(std::string_view text, bool lower);

/// One line for each: a single class; nearly every picture a class of its own; classes that differ only in case or in
/// Unicode form; classes without a picture. `counts`: pictures of each class.
[[nodiscard]] std::vector<std::string> class_notes(const std::vector<std::string>& classes,
                                                   std::span<const std::int64_t> counts, const LabelRule& rule);

}  // namespace pool3::corpus
