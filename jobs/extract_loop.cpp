#include "extract_loop.hpp"

#include <utility>

namespace pool3::jobs {
namespace {

constexpr double wait_seconds = 0.002;
constexpr std::size_t most_known = 10000;
constexpr std::chrono::seconds patience{7};  // batch systems kill soon after their signal

std::int64_t rows_done(const FeatureWriter& writer) {
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < writer.done().size(); ++i)
    if (writer.done()[i]) rows += writer.block(static_cast<std::int64_t>(i)).size();
  return rows;
}

}  // namespace

ExtractLoop::ExtractLoop(const Context& context, FeatureWriter& writer, Workers& workers, int threads)
    : context_(context),
      writer_(writer),
      workers_(workers),
      most_in_flight_(threads + 1),
      before_(rows_done(writer)),
      pool_(context.comm, writer.blocks(), writer.done()) {}

void ExtractLoop::run(const StopSignal::Deferred& signal) {
  const auto start = Clock::now();
  Progress progress(context_.log, "extract", "images", writer_.rows(), before_);
  while (!pool_.finished()) {
    pool_.poll();
    writer_.keep_alive();
    if (!stopping_ && (signal.came() || pool_.tally()[2] > 0)) stop();
    if (const auto task = pool_.take()) accept(*task);
    if (!asking_ && !none_left_ && (stopping_ || workers_.in_flight() < most_in_flight_)) ask();
    if (none_left_ && !left_ && (workers_.in_flight() == 0 || (stopping_ && Clock::now() > give_up_))) leave();
    if (auto block = workers_.take(wait_seconds)) write(*block);
    progress.failed = images_failed();
    progress.update(images_done(), note());
    if (own_clock_.due()) measure(std::chrono::duration<double>(Clock::now() - start).count());
    if (context_.comm.is_root()) check_failures(images_failed(), limit, known_);
  }
  tally.wall = std::chrono::duration<double>(Clock::now() - start).count();
  progress.finish(images_done(), note());
  measure(tally.wall);
}

void ExtractLoop::measure(double seconds) const {
  if (context_.log.metrics() == nullptr) return;
  context_.log.metrics()->own("extract", {{"images", static_cast<double>(tally.images)},
                                          {"failed", static_cast<double>(tally.failed)},
                                          {"copied", static_cast<double>(tally.copied)},
                                          {"rate", seconds > 0 ? static_cast<double>(tally.images) / seconds : 0},
                                          {"read_seconds", tally.seconds.read},
                                          {"decode_seconds", tally.seconds.decode},
                                          {"resize_seconds", tally.seconds.resize},
                                          {"network_seconds", tally.seconds.network},
                                          {"write_seconds", tally.write},
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
  const RowRange rows = writer_.block(task);
  workers_.submit({task, rows.begin, writer_.paths(rows)});
}

void ExtractLoop::ask() {
  pool_.ask(std::exchange(news_, {}));
  asking_ = true;
}

void ExtractLoop::leave() {
  pool_.leave(std::exchange(news_, {}));
  left_ = true;
}

void ExtractLoop::write(const BlockResult& block) {
  const auto start = Clock::now();
  writer_.write_block(block.index, block.features, block.keys, block.status, block.failures);
  tally.write += std::chrono::duration<double>(Clock::now() - start).count();
  tally.images += static_cast<std::int64_t>(block.status.size());
  tally.failed += static_cast<std::int64_t>(block.failures.size());
  tally.copied += block.copied;
  tally.seconds.add(block.seconds);
  for (const Failure& failure : block.failures)
    if (known_.size() < most_known) known_.push_back(failure);
  news_[0] += static_cast<std::int64_t>(block.status.size());
  news_[1] += static_cast<std::int64_t>(block.failures.size());
}

std::string ExtractLoop::note() const {
  return images_failed() == 0 ? "" : std::to_string(images_failed()) + " failed";
}

}  // namespace pool3::jobs
