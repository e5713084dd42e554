#pragma once
// What each rank of a job did, and when, from the numbers that it wrote for monitoring.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pool3::report {

/// {seconds, stages: [{stage, begin, end}], ranks: [{rank, spans: [{stage, begin, end, images, parts: {read: s,
/// ...}, messages, bytes}]}]} of the last life of the job; times in seconds from its start. `metrics`: the lines of
/// each rank's file. Lines that can't be read are passed over; empty if none can.
[[nodiscard]] nlohmann::ordered_json timeline_for_page(const std::vector<std::string>& metrics);

}  // namespace pool3::report
