// extract_list(): the files of one rank.

#include <algorithm>
#include <cstdint>

#include "pool3/extraction.hpp"

namespace pool3 {
namespace {

class ListFeed : public BlockFeed {
 public:
  ListFeed(const Extraction& extraction, std::span<const std::string> paths, int block_rows,
           const std::function<void(const BlockResult&)>& finished)
      : extraction_(extraction),
        paths_(paths),
        block_rows_(static_cast<std::size_t>(block_rows)),
        finished_(finished) {}

  std::optional<BlockTask> next() override {
    if (next_ == paths_.size() || !extraction_.wants_more()) return std::nullopt;
    const auto files = paths_.subspan(next_, std::min(block_rows_, paths_.size() - next_));
    BlockTask task{.index = static_cast<std::int64_t>(next_ / block_rows_),
                   .first_row = static_cast<Row>(next_),
                   .paths = {files.begin(), files.end()}};
    next_ += files.size();
    return task;
  }
  void finished(const BlockResult& block) override { finished_(block); }
  [[nodiscard]] bool ended() const override { return next_ == paths_.size() && extraction_.in_flight() == 0; }

 private:
  const Extraction& extraction_;
  std::span<const std::string> paths_;
  std::size_t block_rows_;
  const std::function<void(const BlockResult&)>& finished_;
  std::size_t next_ = 0;
};

}  // namespace

void extract_list(Extraction& extraction, std::span<const std::string> paths, int block_rows,
                  const std::function<void(const BlockResult&)>& finished) {
  ListFeed feed(extraction, paths, block_rows, finished);
  extraction.run(feed);
}

}  // namespace pool3
