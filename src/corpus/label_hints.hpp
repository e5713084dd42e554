#pragma once
// Where labels may be found, if folders give none that tell pictures apart. Private to the room.

#include <string>

#include "corpus/sources/sources.hpp"

namespace pool3::corpus {

/// One line: that a table was left out, if no picture has a label; or the rule by which names of files make some
/// classes, if no two labels differ. "" if there is nothing to say, or `rule` looks elsewhere than at folders.
[[nodiscard]] std::string label_hint(const ListedSources& sources, const LabelRule& rule);

}  // namespace pool3::corpus
