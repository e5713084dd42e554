#include "commands/serving/engine.hpp"

#include <chrono>
#include <cstring>
#include <exception>

namespace pool3::jobs {

/// Gives the network one picture after another, and ends when the engine does.
class Engine::Feed : public BlockFeed {
 public:
  Feed(Engine& engine, const Extraction& extraction) : engine_(engine), extraction_(extraction) {}

  std::optional<BlockTask> next() override {
    std::unique_lock lock(engine_.mutex_);
    if (extraction_.in_flight() == 0)
      engine_.changed_.wait(lock, [&] { return engine_.stop_ || !engine_.queue_.empty(); });
    if (engine_.queue_.empty() || !extraction_.wants_more()) return std::nullopt;
    const std::int64_t id = engine_.queue_.front();
    engine_.queue_.pop_front();
    return BlockTask{.index = id, .first_row = 0, .paths = {std::to_string(id)}};
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

Engine::Engine(Extractor extractor, int most_waiting) : extractor_(std::move(extractor)), most_waiting_(most_waiting) {
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
    requests_.emplace(next_id_, Request{std::move(picture), std::move(done)});
    queue_.push_back(next_id_++);
  }
  changed_.notify_all();
  return true;
}

int Engine::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(requests_.size());
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
