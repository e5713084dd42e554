#include "console/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace pool3::jobs {

std::string clock_text(double seconds) {
  const std::int64_t s = std::llround(std::max(seconds, 0.0));
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

std::string bytes_text(double bytes) {
  static constexpr std::array<const char*, 6> units = {"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < units.size(); ++unit) bytes /= 1000;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, units.at(unit));
}

std::string scientific(double value) { return fmt::format("{:.1e}", value); }

std::string number_text(double value) { return fmt::format("{:g}", value); }

std::string fixed(double value, int digits) { return fmt::format("{:.{}f}", value, digits); }

}  // namespace pool3::jobs
