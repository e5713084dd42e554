#include "commands/serving/telemetry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pool3::jobs {
namespace {

std::string single(const char* name, const char* type, const char* help, std::int64_t value) {
  return fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, type, help, value);
}

}  // namespace

void Telemetry::count(const std::string& route, int status, double seconds) {
  const std::lock_guard lock(mutex_);
  Route& one = routes_[route];
  const auto bucket = std::ranges::lower_bound(bounds, seconds) - bounds.begin();
  ++one.buckets.at(static_cast<std::size_t>(bucket));
  one.seconds += seconds;
  ++one.by_status[status];
}

std::string Telemetry::text(const ServiceState& state) const {
  const std::lock_guard lock(mutex_);
  std::string out = "# HELP pool3_requests_total Requests answered.\n# TYPE pool3_requests_total counter\n";
  for (const auto& [name, route] : routes_)
    for (const auto& [status, count] : route.by_status)
      out += fmt::format("pool3_requests_total{{route=\"{}\",code=\"{}\"}} {}\n", name, status, count);
  out += "# HELP pool3_request_seconds From the whole request to its answer.\n# TYPE pool3_request_seconds histogram\n";
  for (const auto& [name, route] : routes_) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i)
      out += fmt::format("pool3_request_seconds_bucket{{route=\"{}\",le=\"{}\"}} {}\n", name, bounds.at(i),
                         sum += route.buckets.at(i));
    sum += route.buckets.back();
    out += fmt::format(
        "pool3_request_seconds_bucket{{route=\"{0}\",le=\"+Inf\"}} {1}\n"
        "pool3_request_seconds_sum{{route=\"{0}\"}} {2}\npool3_request_seconds_count{{route=\"{0}\"}} {1}\n",
        name, sum, route.seconds);
  }
  out += single("pool3_connections", "gauge", "Connections that are open.", state.server.connections);
  out += single("pool3_connections_total", "counter", "Connections taken.", state.server.accepted);
  out += single("pool3_refused_total", "counter", "Connections and bodies refused for want of room.",
                state.server.refused);
  out += single("pool3_timed_out_total", "counter", "Requests that took too long.", state.server.timed_out);
  out += single("pool3_malformed_total", "counter", "Requests that were none.", state.server.malformed);
  out += single("pool3_waiting_pictures", "gauge", "Pictures that wait for the network.", state.waiting);
  out += single("pool3_catalogue_rows", "gauge", "Rows of the feature file.", state.rows);
  out += single("pool3_reloads_total", "counter", "New models or features taken over.", state.reloads);
  out += single("pool3_failed_reloads_total", "counter", "New models or features that could not be read.",
                state.failed_reloads);
  return out;
}

}  // namespace pool3::jobs
