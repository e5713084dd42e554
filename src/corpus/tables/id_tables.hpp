#pragma once
// Tables that share the ids of pictures, as CUB-200 and NABirds have them: images.txt (ID PATH) and beside it
// image_class_labels.txt (ID CLASS), classes.txt (CLASS NAME) and train_test_split.txt (ID 1, of training pictures, or
// ID 0). Private to the room.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "pool3/corpus.hpp"

namespace pool3::corpus {

struct IdLine {
  std::string_view id, rest;
};
/// A word that is no path, and what follows it behind blanks; nothing for other lines.
[[nodiscard]] std::optional<IdLine> id_line(std::string_view line);

/// By the ids of pictures.
using IdTexts = std::unordered_map<std::string, std::string>;

/// The label of each picture of the list of pictures `images`: the name of its class. Nothing without
/// image_class_labels.txt beside it; names are numbers without classes.txt. Names of several classes have the number in
/// front. Throws Error.
[[nodiscard]] std::optional<IdTexts> labels_by_id(const std::string& images);

/// What the table of ids `table` says of each path of images.txt beside it. Of train_test_split.txt, "train" and
/// "test". Nothing if there is no such file, or a line of `table` has no id of it. Throws Error.
[[nodiscard]] std::optional<PathValues> values_by_id(const std::string& table);

}  // namespace pool3::corpus
