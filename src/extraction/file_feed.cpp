#include "extraction/file_feed.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "pool3/mpi/gather.hpp"

namespace pool3 {
namespace extraction {
namespace {

constexpr std::size_t sample_size = 10000;
constexpr std::chrono::seconds patience{5};  // batch systems kill soon after their signal

/// CPU time of all threads of this process.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

FileFeed::FileFeed(const Communicator& comm, Extraction& extraction, FeatureWriter& writer, const FileWatch& watch)
    : comm_(comm),
      extraction_(extraction),
      writer_(writer),
      watch_(watch),
      before_(rows_done(writer)),
      pool_(comm, writer.blocks(), writer.done()),
      cpu_start_(cpu_seconds()) {}

std::optional<BlockTask> FileFeed::next() {
  pool_.poll();
  writer_.keep_alive();
  if (!stopping_ && (pool_.tally().stops > 0 || (watch_.wants_stop && watch_.wants_stop()))) stop();
  std::optional<BlockTask> task;
  if (const auto answer = pool_.take()) task = accept(*answer);
  if (!task) {
    if (!asking_ && !none_left_ && (stopping_ || wants_more())) ask();
    leave_if_done();
  }
  if (watch_.show_progress) watch_.show_progress(progress());
  return task;
}

void FileFeed::stop() {
  stopping_ = true;
  give_up_ = Clock::now() + patience;
  news_.stops = 1;
  pool_.stop();
  extraction_.drop_waiting();
}

std::optional<BlockTask> FileFeed::accept(std::int64_t task) {
  asking_ = false;
  none_left_ = task < 0;
  if (task == TaskPool::stopped && !stopping_) stop();
  if (none_left_ || stopping_) return std::nullopt;
  last_task_ = task;
  const RowRange rows = writer_.block(task);
  return BlockTask{task, rows.begin, writer_.paths(rows)};
}

bool FileFeed::wants_more() const {
  // Near the end each rank holds little, so that a slow one keeps nobody waiting. Blocks are handed out in order.
  const std::int64_t share = (writer_.blocks() - 1 - last_task_) / comm_.size();
  return extraction_.in_flight() < std::max<std::int64_t>(1, share) && extraction_.wants_more();
}

void FileFeed::ask() {
  pool_.ask(std::exchange(news_, {}));
  asking_ = true;
}

void FileFeed::leave_if_done() {
  const bool waits = extraction_.in_flight() > 0 && !(stopping_ && Clock::now() > give_up_);
  if (!none_left_ || left_ || waits) return;
  pool_.leave(std::exchange(news_, {}));
  left_ = true;
}

void FileFeed::finished(const BlockResult& block) {
  const auto images = static_cast<std::int64_t>(block.status.size());
  const auto failed = static_cast<std::int64_t>(block.failures.size());
  tally_.images += images;
  tally_.failed += failed;
  tally_.copied += block.copied;
  news_.done += images;
  news_.failed += failed;
  for (const Failure& failure : block.failures)
    if (sample_.size() < sample_size) sample_.push_back(failure);
}

FileProgress FileFeed::progress() const {
  FileProgress progress{.own = tally_,
                        .done = before_ + pool_.tally().done,
                        .failed = writer_.failed_before() + pool_.tally().failed,
                        .sample = sample_};
  progress.own.seconds = extraction_.seconds();
  progress.own.cpu_seconds = cpu_seconds() - cpu_start_;
  progress.own.wall_seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  return progress;
}

}  // namespace extraction

std::int64_t rows_done(const FeatureWriter& writer) {
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < writer.done().size(); ++i)
    if (writer.done()[i]) rows += writer.block(static_cast<std::int64_t>(i)).size();
  return rows;
}

FileOutcome fill_file(const Communicator& comm, Extraction& extraction, FeatureWriter& writer, const FileWatch& watch) {
  extraction::FileFeed feed(comm, extraction, writer, watch);
  extraction.run(feed);
  FileProgress progress = feed.progress();
  progress.sample = {};  // the feed's
  return {.progress = progress, .stopped = !comm.all(!feed.stopping())};
}

std::vector<RankTally> gather(const Communicator& comm, const RankTally& mine) {
  return gather_items(comm, std::vector{mine});
}

}  // namespace pool3
