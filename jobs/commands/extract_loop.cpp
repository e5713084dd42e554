#include "commands/extract_loop.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

namespace pool3::jobs {
namespace {

constexpr double wait_seconds = 0.002;
constexpr std::size_t most_known = 10000;
constexpr std::chrono::seconds patience{5};  // batch systems kill soon after their signal

/// CPU time of all threads of this process.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::int64_t rows_done(const FeatureWriter& writer) {
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < writer.done().size(); ++i)
    if (writer.done()[i]) rows += writer.block(static_cast<std::int64_t>(i)).size();
  return rows;
}

}  // namespace

ExtractLoop::ExtractLoop(const Context& context, FeatureWriter& writer, Workers& workers)
    : context_(context),
      writer_(writer),
      workers_(workers),
      before_(rows_done(writer)),
      pool_(context.comm, writer.blocks(), writer.done()) {}

void ExtractLoop::run(const StopSignal::Deferred& signal) {
  const auto start = Clock::now();
  const double cpu_start = cpu_seconds();
  Progress progress(context_.log, "extract", "images", writer_.rows(), before_);
  while (!pool_.finished()) {
    pool_.poll();
    writer_.keep_alive();
    if (!stopping_ && (signal.came() || pool_.tally()[2] > 0)) stop();
    if (const auto task = pool_.take()) accept(*task);
    if (!asking_ && !none_left_ && (stopping_ || wants_more())) ask();
    if (none_left_ && !left_ && (workers_.in_flight() == 0 || (stopping_ && Clock::now() > give_up_))) leave();
    if (auto block = workers_.take(wait_seconds)) count(*block);
    progress.failed = images_failed();
    progress.update(images_done(), note());
    if (own_clock_.due()) measure(std::chrono::duration<double>(Clock::now() - start).count());
    if (context_.comm.is_root()) check_failures(images_failed(), limit, known_);
  }
  tally.seconds = workers_.seconds();
  tally.cpu = cpu_seconds() - cpu_start;
  tally.wall = std::chrono::duration<double>(Clock::now() - start).count();
  progress.finish(images_done(), note());
  measure(tally.wall);
}

void ExtractLoop::measure(double seconds) const {
  if (context_.log.metrics() == nullptr) return;
  const StageSeconds stages = workers_.seconds();
  context_.log.metrics()->own("extract", {{"images", static_cast<double>(tally.images)},
                                          {"failed", static_cast<double>(tally.failed)},
                                          {"copied", static_cast<double>(tally.copied)},
                                          {"rate", seconds > 0 ? static_cast<double>(tally.images) / seconds : 0},
                                          {"read_seconds", stages.read},
                                          {"decode_seconds", stages.decode},
                                          {"resize_seconds", stages.resize},
                                          {"network_seconds", stages.network},
                                          {"write_seconds", stages.write},
                                          {"elapsed_seconds", seconds}});
}

void ExtractLoop::stop() {
  stopping_ = true;
  give_up_ = Clock::now() + patience;
  news_[2] = 1;
  pool_.stop();
  workers_.drop_waiting();
}

void ExtractLoop::accept(std::int64_t task) {
  asking_ = false;
  none_left_ = task < 0;
  if (task == TaskPool::stopped && !stopping_) stop();
  if (none_left_ || stopping_) return;
  last_task_ = task;
  const RowRange rows = writer_.block(task);
  workers_.submit({task, rows.begin, writer_.paths(rows)});
}

bool ExtractLoop::wants_more() const {
  // Near the end each rank holds little, so that a slow one keeps nobody waiting. Blocks are handed out in order.
  const std::int64_t share = (writer_.blocks() - 1 - last_task_) / context_.comm.size();
  return workers_.in_flight() < std::max<std::int64_t>(1, share) && workers_.wants_more();
}

void ExtractLoop::ask() {
  pool_.ask(std::exchange(news_, {}));
  asking_ = true;
}

void ExtractLoop::leave() {
  pool_.leave(std::exchange(news_, {}));
  left_ = true;
}

void ExtractLoop::count(const BlockResult& block) {
  tally.images += static_cast<std::int64_t>(block.status.size());
  tally.failed += static_cast<std::int64_t>(block.failures.size());
  tally.copied += block.copied;
  for (const Failure& failure : block.failures)
    if (known_.size() < most_known) known_.push_back(failure);
  news_[0] += static_cast<std::int64_t>(block.status.size());
  news_[1] += static_cast<std::int64_t>(block.failures.size());
}

std::string ExtractLoop::note() const {
  return images_failed() == 0 ? "" : std::to_string(images_failed()) + " failed";
}

}  // namespace pool3::jobs
