#pragma once
// What the server answers: the page, classes and neighbours as JSON, thumbnails, corrections, metrics.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "commands/serving/corrections.hpp"
#include "commands/serving/snapshot.hpp"
#include "commands/serving/telemetry.hpp"
#include "pool3/server.hpp"

namespace pool3::jobs {

/// A thread that works off what it is given, in order. Ends when all is done.
template <typename Item>
class Desk {
 public:
  /// `work` gets what has come since it was last called, up to `together` items. It must not throw.
  Desk(std::size_t most, std::size_t together, std::function<void(std::vector<Item>)> work)
      : most_(most), together_(together), work_(std::move(work)), thread_([this] { run(); }) {}
  ~Desk() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// False if too much waits.
  [[nodiscard]] bool give(Item item) {
    {
      const std::lock_guard lock(mutex_);
      if (items_.size() >= most_) return false;
      items_.push_back(std::move(item));
    }
    changed_.notify_one();
    return true;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return stop_ || !items_.empty(); });
      if (items_.empty()) return;
      std::vector<Item> some;
      while (!items_.empty() && some.size() < together_) {
        some.push_back(std::move(items_.front()));
        items_.pop_front();
      }
      lock.unlock();
      work_(std::move(some));
      lock.lock();
    }
  }

  std::size_t most_, together_;
  std::function<void(std::vector<Item>)> work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  bool stop_ = false;
  std::thread thread_;
};

/// Answers requests from the snapshot that it has at that time.
class Service {
 public:
  /// `body_bytes`: of the largest picture file that the server takes.
  Service(std::shared_ptr<const Snapshot> snapshot, Corrections& corrections, std::int64_t body_bytes);
  ~Service();  ///< waits for what is at work
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// An HttpServer::Handler.
  void handle(HttpRequest request, HttpServer::Reply reply);
  // These two, and the end, by one thread, which is the only one that may let a snapshot go: its network waits for its
  // own threads then.
  /// Requests from now on are answered from this one.
  void take_over(std::shared_ptr<const Snapshot> snapshot);
  /// Lets older snapshots go that no request needs any more. Call it now and then.
  void let_go();
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
  /// Where /metrics gets the server's counts; before the first request.
  void count_with(std::function<ServerCounts()> counts) { server_counts_ = std::move(counts); }
  void reload_failed() { ++failed_reloads_; }

 private:
  using Json = nlohmann::ordered_json;
  using Clock = std::chrono::steady_clock;
  /// A question for the catalogue.
  struct Question {
    std::shared_ptr<const Snapshot> snapshot;
    std::vector<float> features;
    Row row = -1;  ///< or of a picture from outside
    std::int64_t top = 12;
    HttpServer::Reply reply;
  };
  struct Work {
    std::function<HttpResponse()> make;
    HttpServer::Reply reply;
  };

  void route(HttpRequest request, const HttpServer::Reply& reply);
  void classify(HttpRequest request, const HttpServer::Reply& reply);
  void ask_row(const HttpRequest& request, const HttpServer::Reply& reply);
  void show_thumbnail(const HttpRequest& request, const HttpServer::Reply& reply);
  void correct(HttpRequest request, const HttpServer::Reply& reply);
  static void answer(std::vector<Question> questions);
  [[nodiscard]] HttpResponse info() const;
  [[nodiscard]] HttpResponse metrics() const;
  [[nodiscard]] HttpServer::Reply counted(const std::string& route, HttpServer::Reply reply);

  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<std::shared_ptr<const Snapshot>> older_;
  mutable std::mutex mutex_;  ///< of snapshot_
  Corrections& corrections_;
  std::int64_t body_bytes_;
  Telemetry telemetry_;
  std::function<ServerCounts()> server_counts_;
  std::atomic<std::int64_t> reloads_ = 0, failed_reloads_ = 0;
  Desk<Work> pictures_;       ///< thumbnails and corrections
  Desk<Question> questions_;  ///< those that wait are searched together
};

}  // namespace pool3::jobs
