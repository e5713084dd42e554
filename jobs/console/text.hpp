#pragma once
// Numbers and times as people read them.

#include <string>

namespace pool3::jobs {

/// "1:02:03" or "2:03".
[[nodiscard]] std::string clock_text(double seconds);
/// "1.5 GB".
[[nodiscard]] std::string bytes_text(double bytes);
/// "3.2e-05".
[[nodiscard]] std::string scientific(double value);
/// Six digits at most, in the shorter of the usual forms: "0.1", "100", "1e-05".
[[nodiscard]] std::string number_text(double value);
/// Number with `digits` decimals.
[[nodiscard]] std::string fixed(double value, int digits);

}  // namespace pool3::jobs
