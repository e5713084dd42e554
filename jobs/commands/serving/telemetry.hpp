#pragma once
// What a server has done, for Prometheus.

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "pool3/server.hpp"

namespace pool3::jobs {

/// State that is asked for at the moment.
struct ServiceState {
  ServerCounts server;
  int waiting = 0;
  std::int64_t rows = 0, reloads = 0, failed_reloads = 0;
};

/// From any thread.
class Telemetry {
 public:
  void count(const std::string& route, int status, double seconds);
  /// In the text format of Prometheus.
  [[nodiscard]] std::string text(const ServiceState& state) const;

 private:
  static constexpr std::array bounds = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
  struct Route {
    std::array<std::int64_t, bounds.size() + 1> buckets{};  ///< not summed up
    double seconds = 0;
    std::map<int, std::int64_t> by_status;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Route> routes_;
};

}  // namespace pool3::jobs
