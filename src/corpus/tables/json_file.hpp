#pragma once
// Catalogues in a JSON document: a list of objects, COCO's kind, or labels by path. Private to the room.

#include <string_view>

#include "corpus/tables/columns.hpp"
#include "corpus/tables/table.hpp"
#include "corpus/tables/text_input.hpp"

namespace pool3::corpus {

/// True if the file's name ends in .json.
[[nodiscard]] bool is_json_name(std::string_view path);

/// As read_table(). Of COCO's kind (images, annotations, categories), a picture has the name of its category, or what
/// the category's key `names.label` says; one whose annotations are of several has no label. In lists of objects, lists
/// of one value count as that value. Throws Error.
TableShape read_json_file(TextInput& input, const ColumnNames& names, const TableUse& use);

}  // namespace pool3::corpus
