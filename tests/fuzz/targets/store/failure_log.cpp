// Any bytes as a record of a failure log with its right checksum, and as a log. A record that is taken is the one that
// its failures make.

#include "store/features/failure_log.hpp"

#include "fuzz/targets/store/in_memory_file.hpp"
#include "store/features/failure_table.hpp"

namespace {

std::string record_of(std::string_view bytes) {
  const auto size = static_cast<std::uint64_t>(bytes.size());
  std::string record(reinterpret_cast<const char*>(&size), sizeof size);
  return record.append(pool3::fuzz::checksum_of(bytes)).append(bytes);
}

void read(std::string_view log, std::string_view only_record) {
  std::vector<pool3::Failure> failures;
  const std::int64_t end = pool3::store::read_failure_log(pool3::fuzz::in_memory(log), failures);
  if (end < 0 || end > static_cast<std::int64_t>(log.size()) || (end == 0) != failures.empty()) std::abort();
  for (const pool3::Failure& failure : failures) {
    if (failure.status <= pool3::RowStatus::done || pool3::to_string(failure.status).empty()) std::abort();
  }
  if (end > 0 && !only_record.empty() && pool3::store::encode_failures(failures) != only_record) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(record_of(bytes), bytes);
  read(bytes, {});
  return 0;
}
