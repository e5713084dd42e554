#include "store/features/failure_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "pool3/files.hpp"
#include "store/features/failure_table.hpp"
#include "store/integrity/checksum.hpp"

namespace pool3::store {
namespace {

/// In front of each record.
struct Head {
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  ///< XXH3-64 of the bytes behind the head
};

std::uint64_t checksum_of(std::string_view bytes) {
  Checksum checksum;
  checksum.add(bytes);
  return checksum.value();
}

/// Failures of one record, as far as they fit; records that are read may be longer.
constexpr std::size_t usual_record_bytes = std::size_t{16} << 20;
constexpr std::uint64_t longest_record_bytes = std::uint64_t{64} << 20;

/// Appends the failures of the record at offset `at`. Gives the offset behind it, or -1 if no sound record is there.
std::int64_t read_record(const Descriptor& file, std::int64_t at, std::vector<Failure>& failures) {
  Head head;
  const std::int64_t left = file.size() - at - static_cast<std::int64_t>(sizeof head);
  if (left <= 0 || file.read(at, std::as_writable_bytes(std::span(&head, 1))) != sizeof head) return -1;
  if (head.bytes == 0 || head.bytes > longest_record_bytes || head.bytes > static_cast<std::uint64_t>(left)) return -1;
  const std::int64_t begin = at + static_cast<std::int64_t>(sizeof head);
  std::string record(head.bytes, '\0');
  if (file.read(begin, std::as_writable_bytes(std::span(record))) != record.size()) return -1;
  if (checksum_of(record) != head.checksum || !decode_failures(record, failures)) return -1;
  return begin + static_cast<std::int64_t>(record.size());
}

std::vector<std::string> log_files(const Place& partial) {
  const std::filesystem::path path(partial.path);
  const std::string prefix = path.filename().string() + ".failures-";
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with(prefix)) found.push_back(entry.path().string());
  }
  if (error) throw error_at({partial.stage, folder.string()}, error.message());
  return found;
}

}  // namespace

FailureLog::FailureLog(const Place& partial, int rank)
    : place_{partial.stage, fmt::format("{}.failures-{}", partial.path, rank)} {
  Descriptor file = try_open_own(place_, O_RDWR);
  if (!file.is_open()) return;
  std::vector<Failure> ignored;
  end_ = read_failure_log(file, ignored);
  file.truncate(end_);
  file_ = std::make_unique<Descriptor>(std::move(file));
}

void FailureLog::append(const std::vector<Failure>& failures, bool durable) {
  if (failures.empty()) return;
  if (!file_) file_ = std::make_unique<Descriptor>(open_own(place_, O_RDWR | O_CREAT));
  std::string record;
  for (const Failure& failure : failures) {
    record += encode_failures(std::span(&failure, 1));
    if (record.size() >= usual_record_bytes) append_record(std::exchange(record, {}));
  }
  if (!record.empty()) append_record(record);
  if (durable) file_->sync();
}

void FailureLog::append_record(const std::string& record) {
  const Head head{record.size(), checksum_of(record)};
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  bytes += record;
  file_->write(end_, std::as_bytes(std::span(bytes)));
  end_ += static_cast<std::int64_t>(bytes.size());
}

std::int64_t read_failure_log(const Descriptor& file, std::vector<Failure>& failures) {
  std::int64_t end = 0;
  for (std::int64_t next = 0; next >= 0; next = read_record(file, end, failures)) end = next;
  return end;
}

std::vector<Failure> read_failure_logs(const Place& partial) {
  std::vector<Failure> failures;
  for (const std::string& path : log_files(partial)) {
    static_cast<void>(read_failure_log(open_own({partial.stage, path}, O_RDONLY), failures));
  }
  return failures;
}

void remove_failure_logs(const Place& partial) {
  for (const std::string& path : log_files(partial)) remove_file({partial.stage, path});
}

}  // namespace pool3::store
