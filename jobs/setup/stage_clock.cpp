#include "setup/stage_clock.hpp"

namespace pool3::jobs {

StageClock::StageClock(const Communicator& comm, const Log& log, std::string stage)
    : comm_(comm), log_(log), stage_(std::move(stage)), begin_(log.clock().seconds()), before_(traffic()) {}

void StageClock::end() const {
  Metrics* const metrics = log_.metrics();
  if (metrics == nullptr) return;
  const Traffic spent = traffic().since(before_);
  const double seconds = log_.clock().seconds() - begin_;
  metrics->own(stage_, {{"communication_seconds", spent.seconds},
                        {"communication_bytes", static_cast<double>(spent.bytes)},
                        {"communication_calls", static_cast<double>(spent.calls)},
                        {"elapsed_seconds", seconds}});
  if (!comm_.is_root()) return;
  StageProgress whole;
  whole.stage = stage_;
  whole.elapsed_seconds = seconds;
  metrics->progress(whole);
}

}  // namespace pool3::jobs
