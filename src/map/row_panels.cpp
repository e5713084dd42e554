#include "map/row_panels.hpp"

#include <algorithm>

namespace pool3::map {
namespace {

constexpr std::int64_t panel_rows = 1024;

}  // namespace

std::vector<Row> done_rows(const FeatureReader& reader) {
  const auto status = reader.status();
  std::vector<Row> rows;
  for (std::size_t i = 0; i < status.size(); ++i)
    if (status[i] == RowStatus::done) rows.push_back(static_cast<Row>(i));
  return rows;
}

void for_each_panel(const FeatureReader& reader, const std::vector<Row>& rows,
                    const std::function<void(const Panel&)>& use) {
  const std::size_t width = index(reader.width());
  std::vector<float> block, panel;
  std::size_t first = 0, next = 0;
  const auto pass_on = [&] {
    if (next > first) use({static_cast<std::int64_t>(first), static_cast<std::int64_t>(next - first), panel.data()});
    first = next;
    panel.clear();
  };
  while (next < rows.size()) {
    const std::int64_t b = reader.block_of(rows[next]);
    const RowRange range = reader.block(b);
    block.resize(index(range.size()) * width);
    reader.read_blocks(b, b + 1, block);
    for (; next < rows.size() && rows[next] < range.end; ++next) {
      const auto* x = block.data() + index(rows[next] - range.begin) * width;
      panel.insert(panel.end(), x, x + width);
    }
    if (static_cast<std::int64_t>(next - first) >= panel_rows) pass_on();
  }
  pass_on();
}

Matrix features_of(const FeatureReader& reader, const std::vector<Row>& rows) {
  Matrix all(static_cast<Eigen::Index>(rows.size()), reader.width());
  for_each_panel(reader, rows, [&](const Panel& panel) {
    all.middleRows(panel.first, panel.count) = View(panel.x, panel.count, reader.width());
  });
  return all;
}

}  // namespace pool3::map
