#include "commands/serving/engine.hpp"

#include <chrono>
#include <cstring>
#include <exception>

namespace pool3::jobs {
namespace {

/// Of the time that an answer has, what may be spent on waiting and computing: the estimate is rough.
constexpr double share_of_time = 0.7;

}  // namespace

/// Gives the network one picture after another, and ends when the engine does.
class Engine::Feed : public BlockFeed {
 public:
  Feed(Engine& engine, const Extraction& extraction) : engine_(engine), extraction_(extraction) {}

  std::optional<BlockTask> next() override {
    std::vector<Done> late;
    std::optional<BlockTask> task;
    {
      std::unique_lock lock(engine_.mutex_);
      if (extraction_.in_flight() == 0)
        engine_.changed_.wait(lock, [&] { return engine_.stop_ || !engine_.queue_.empty(); });
      late = engine_.take_late();
      if (!engine_.queue_.empty() && extraction_.wants_more()) {
        const std::int64_t id = engine_.queue_.front();
        engine_.queue_.pop_front();
        task = BlockTask{.index = id, .first_row = 0, .paths = {std::to_string(id)}};
      }
    }
    for (const Done& done : late) done({{}, {}, "the picture waited too long", "network", "late"});
    return task;
  }
  void finished(const BlockResult& /*block*/) override {}
  [[nodiscard]] bool ended() const override {
    const std::lock_guard lock(engine_.mutex_);
    return engine_.stop_ && engine_.queue_.empty() && extraction_.in_flight() == 0;
  }
  /// For what comes while others are computed.
  [[nodiscard]] double wait_seconds() const override { return 0.002; }

 private:
  Engine& engine_;
  const Extraction& extraction_;
};

Engine::Engine(Extractor extractor, int most_waiting, double most_seconds)
    : extractor_(std::move(extractor)), most_waiting_(most_waiting), most_seconds_(most_seconds) {
  thread_ = std::thread([this] { run(); });
}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Engine::submit(std::string picture, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (static_cast<int>(requests_.size()) >= most_waiting_) return false;
    const double now = seconds();
    if (requests_.empty()) {
      pace_.begin(now);
    } else if (pace_.seconds_of(static_cast<double>(requests_.size() + 1)) > share_of_time * most_seconds_) {
      return false;
    }
    requests_.emplace(next_id_, Request{std::move(picture), std::move(done), now + most_seconds_});
    queue_.push_back(next_id_++);
  }
  changed_.notify_all();
  return true;
}

int Engine::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(requests_.size());
}

double Engine::seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Ends those at the front of the queue whose time is over. REQUIRES: the lock.
std::vector<Engine::Done> Engine::take_late() {
  std::vector<Done> late;
  for (const double now = seconds(); !queue_.empty(); queue_.pop_front()) {
    const auto request = requests_.find(queue_.front());
    if (request->second.end > now) break;
    late.push_back(std::move(request->second.done));
    requests_.erase(request);
  }
  return late;
}

/// What ends the work, as a lack of memory, ends the requests at work and nothing else.
void Engine::run() {
  for (bool more = true; more;) {
    try {
      Extraction extraction = extractor_.start(
          {.read = [this](std::string_view path) { return take_picture(std::stoll(std::string(path))); },
           .write = [this](const BlockResult& block) { deliver(block); }});
      Feed feed(*this, extraction);
      extraction.run(feed);
      more = false;
    } catch (const std::exception& error) {
      fail_all(error.what());
      // Not at once: what is short, as threads, may be there again later.
      std::unique_lock lock(mutex_);
      more = !changed_.wait_for(lock, std::chrono::milliseconds(100), [&] { return stop_; });
    }
  }
}

std::vector<std::byte> Engine::take_picture(std::int64_t id) {
  std::string picture;
  {
    const std::lock_guard lock(mutex_);
    picture = std::move(requests_.at(id).picture);
  }
  std::vector<std::byte> bytes(picture.size());
  if (!picture.empty()) std::memcpy(bytes.data(), picture.data(), picture.size());
  return bytes;
}

void Engine::deliver(const BlockResult& block) {
  Seen seen{.features = block.features, .key = block.keys.at(0), .error = {}, .stage = {}, .code = {}};
  for (const Failure& failure : block.failures) {
    seen.error = failure.message;
    seen.stage = stage_of(failure.status);
    seen.code = to_string(failure.status);
  }
  Done done;
  {
    const std::lock_guard lock(mutex_);
    const auto request = requests_.find(block.index);
    if (request == requests_.end()) return;
    done = std::move(request->second.done);
    requests_.erase(request);
    pace_.finish(seconds());
  }
  done(std::move(seen));
}

void Engine::fail_all(const std::string& cause) {
  std::map<std::int64_t, Request> failed;
  {
    const std::lock_guard lock(mutex_);
    failed.swap(requests_);
    queue_.clear();
  }
  for (auto& [id, request] : failed) request.done({{}, {}, cause, "network", "failed"});
}

}  // namespace pool3::jobs
