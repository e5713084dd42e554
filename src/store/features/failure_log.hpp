#pragma once
// What failed in the blocks of an unfinished file: one file a rank, PARTIAL.failures-RANK, of records that are
// appended before their block is written. What a kill has cut off, or
// what is no sound record, is ignored, and so is all behind it.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pool3/files.hpp"
#include "pool3/store/features.hpp"

namespace pool3::store {

/// One rank's own log, to append to.
class FailureLog {
 public:
  /// Appends after the last whole record of `partial`.failures-RANK. The file is made with the first record.
  FailureLog(const Place& partial, int rank);
  /// `durable`: returns when the record is on stable storage.
  void append(const std::vector<Failure>& failures, bool durable);

 private:
  void append_record(const std::string& record);
  Place place_;
  std::unique_ptr<Descriptor> file_;
  std::int64_t end_ = 0;
};

/// Appends the failures of the whole and sound records that a log begins with. Gives the offset behind them. Takes
/// little more memory than the log has bytes, whatever it says.
std::int64_t read_failure_log(const Descriptor& file, std::vector<Failure>& failures);
/// Everything in the logs of all ranks that ever worked on `partial`. Rows may repeat.
[[nodiscard]] std::vector<Failure> read_failure_logs(const Place& partial);
/// Removes the logs of all ranks.
void remove_failure_logs(const Place& partial);

}  // namespace pool3::store
