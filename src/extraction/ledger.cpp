#include "extraction/ledger.hpp"

#include <algorithm>
#include <utility>

#include "pool3/error.hpp"

namespace pool3::extraction {

void Ledger::submit(BlockTask task) {
  auto block = std::make_shared<OpenBlock>(std::move(task), width_);
  count(Station::waiting) += static_cast<std::int64_t>(block->unsettled);
  ++in_flight_;
  open_.push_back(block);
  unread_.push_back(std::move(block));
}

void Ledger::move(const BlockRow& row, Station to) {
  Station& station = row.block->station[row.row];
  --count(station);
  if (row.block->dropped && station == Station::reading) --orphans_;
  station = to;
  if (to != Station::settled) ++count(to);
}

bool Ledger::can_read() const {
  const auto near = static_cast<std::size_t>(at(Station::reading)) + ahead_.size();
  return !unread_.empty() && near < limits_.pictures && bytes_ahead_ < limits_.bytes;
}

BlockRow Ledger::begin_reading() {
  BlockRow row{unread_.front(), unread_.front()->begun_reading++};
  if (row.block->begun_reading == row.block->station.size()) unread_.pop_front();
  move(row, Station::reading);
  return row;
}

void Ledger::end_reading(const BlockRow& row, std::vector<std::byte> bytes) {
  if (row.block->dropped) return move(row, Station::settled);
  move(row, Station::ahead);
  bytes_ahead_ += bytes.size();
  ahead_.push_back({row, std::move(bytes)});
}

Picture Ledger::begin_decoding() {
  Picture picture = std::move(ahead_.front());
  ahead_.pop_front();
  bytes_ahead_ -= picture.bytes.size();
  picture.row.block->begun = true;
  move(picture.row, Station::decoding);
  return picture;
}

std::optional<BlockResult> Ledger::settle(const BlockRow& row, bool copied) {
  move(row, Station::settled);
  OpenBlock& block = *row.block;
  if (copied) ++block.result.copied;
  if (--block.unsettled > 0 || block.dropped) return std::nullopt;
  std::erase(open_, row.block);
  std::ranges::sort(block.result.failures, {}, &Failure::row);
  return std::move(block.result);
}

std::optional<BlockResult> Ledger::fail(const BlockRow& row, RowStatus status, const std::string& message) {
  row.block->result.status[row.row] = status;
  row.block->result.failures.push_back({row.number(), status, row.path(), one_line(message)});
  return settle(row);
}

void Ledger::drop(OpenBlock& block) {
  block.dropped = true;
  --in_flight_;
  for (Station& station : block.station) {
    if (station == Station::reading) ++orphans_;
    if (station != Station::waiting && station != Station::ahead) continue;
    --count(station);
    station = Station::settled;
    --block.unsettled;
  }
}

void Ledger::drop_unbegun() {
  for (const auto& block : open_)
    if (!block->begun) drop(*block);
  const auto dropped = [](const auto& block) { return block->dropped; };
  std::erase_if(open_, dropped);
  std::erase_if(unread_, dropped);
  std::erase_if(ahead_, [&](const Picture& picture) { return dropped(picture.row.block); });
  bytes_ahead_ = 0;
  for (const Picture& picture : ahead_) bytes_ahead_ += picture.bytes.size();
}

std::int64_t Ledger::before_batches() const {
  return at(Station::waiting) + at(Station::reading) + at(Station::ahead) + at(Station::decoding);
}

bool Ledger::holds() const {
  std::array<std::int64_t, stations + 1> found{};
  std::vector<const OpenBlock*> unread;
  for (const auto& block : open_) {
    std::size_t unsettled = 0;
    for (std::size_t row = 0; row < block->station.size(); ++row) {
      const Station station = block->station[row];
      if ((station == Station::waiting) != (row >= block->begun_reading)) return false;
      if (station != Station::settled) ++unsettled;
      ++found.at(static_cast<std::size_t>(station));
    }
    if (unsettled == 0 || unsettled != block->unsettled || block->dropped) return false;
    if (block->begun_reading < block->station.size()) unread.push_back(block.get());
  }
  found.at(static_cast<std::size_t>(Station::reading)) += orphans_;
  std::size_t bytes = 0;
  for (const Picture& picture : ahead_) {
    bytes += picture.bytes.size();
    if (picture.row.block->station[picture.row.row] != Station::ahead) return false;
  }
  return std::equal(at_.begin(), at_.end(), found.begin()) && bytes == bytes_ahead_ && orphans_ >= 0 &&
         static_cast<std::int64_t>(ahead_.size()) == at(Station::ahead) &&
         std::ranges::equal(unread, unread_, {}, {}, &std::shared_ptr<OpenBlock>::get);
}

}  // namespace pool3::extraction
