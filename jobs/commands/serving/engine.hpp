#pragma once
// The network at work for pictures that come one by one, from many clients at once.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "commands/serving/answer_pace.hpp"
#include "pool3/extraction.hpp"

namespace pool3::jobs {

/// What the network made of one picture: its features, or why there are none.
struct Seen {
  std::vector<float> features;
  ImageKey key;
  std::string error, stage, code;
};

/// Pictures that wait share batches of the network. A lone one does not wait for others: while it is computed, those
/// that come meanwhile become the next batch. Where more come than can be computed, some are refused at once, so that
/// the others are answered in time; for those whose time is over nothing is computed.
class Engine {
 public:
  /// Called once, by a thread of the engine. Must not take long.
  using Done = std::function<void(Seen)>;

  /// `most_waiting`: pictures taken and not answered yet. `most_seconds`: after which nobody waits for an answer.
  Engine(Extractor extractor, int most_waiting, double most_seconds);
  /// Answers what it has taken first.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// False if too many wait already, or so many that the answer would come late; then `done` is not called. From any
  /// thread.
  [[nodiscard]] bool submit(std::string picture, Done done);
  [[nodiscard]] int waiting() const;

 private:
  class Feed;
  struct Request {
    std::string picture;
    Done done;
    double end = 0;  ///< when nobody waits any more, in seconds()
  };
  [[nodiscard]] static double seconds();
  std::vector<Done> take_late();
  void run();
  std::vector<std::byte> take_picture(std::int64_t id);
  void deliver(const BlockResult& block);
  void fail_all(const std::string& cause);

  Extractor extractor_;
  int most_waiting_;
  double most_seconds_;
  mutable std::mutex mutex_;  ///< of all below
  std::condition_variable changed_;
  std::deque<std::int64_t> queue_;            ///< not handed to the network yet
  std::map<std::int64_t, Request> requests_;  ///< not answered yet
  std::int64_t next_id_ = 0;
  Pace pace_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace pool3::jobs
