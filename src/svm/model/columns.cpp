#include "svm/model/columns.hpp"

namespace pool3::svm {

ColumnTable make_table(const std::vector<Column>& columns, Loss loss) {
  const auto m = static_cast<std::int64_t>(columns.size());
  const std::size_t padded = index((m + column_unit - 1) / column_unit * column_unit);
  ColumnTable table;
  table.loss = loss;
  table.positive_class.assign(padded, no_class);
  table.excluded_fold.assign(padded, -1);
  table.positive_cost.assign(padded, 1.0F);
  for (std::size_t j = 0; j < columns.size(); ++j) {
    table.positive_class[j] = columns[j].positive_class;
    table.excluded_fold[j] = columns[j].excluded_fold;
  }
  return table;
}

}  // namespace pool3::svm
