#include "store/features/failure_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstring>
#include <filesystem>

#include "pool3/files.hpp"
#include "store/features/failures.hpp"
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

/// Takes a whole record off `bytes`; an empty view if there is none.
std::string_view next_record(std::string_view& bytes) {
  Head head;
  if (bytes.size() < sizeof head) return {};
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.bytes == 0 || head.bytes > bytes.size() - sizeof head) return {};
  const std::string_view record = bytes.substr(sizeof head, head.bytes);
  if (checksum_of(record) != head.checksum) return {};
  bytes.remove_prefix(sizeof head + record.size());
  return record;
}

std::string contents(const Descriptor& file) {
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  bytes.resize(file.read(0, std::as_writable_bytes(std::span(bytes))));
  return bytes;
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
  if (!file_exists(place_.path)) return;
  file_ = std::make_unique<Descriptor>(place_, O_RDWR);
  const std::string bytes = contents(*file_);
  std::string_view rest = bytes;
  while (!next_record(rest).empty()) {
  }
  end_ = static_cast<std::int64_t>(bytes.size() - rest.size());
  file_->truncate(end_);
}

void FailureLog::append(const std::vector<Failure>& failures, bool durable) {
  if (failures.empty()) return;
  if (!file_) file_ = std::make_unique<Descriptor>(place_, O_RDWR | O_CREAT);
  const std::string record = encode_failures(failures);
  const Head head{record.size(), checksum_of(record)};
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  bytes += record;
  file_->write(end_, std::as_bytes(std::span(bytes)));
  end_ += static_cast<std::int64_t>(bytes.size());
  if (durable) file_->sync();
}

std::vector<Failure> read_failure_logs(const Place& partial) {
  std::vector<Failure> failures;
  for (const std::string& path : log_files(partial)) {
    const std::string bytes = contents(open_source({partial.stage, path}));
    std::string_view rest = bytes;
    for (std::string_view record = next_record(rest); !record.empty(); record = next_record(rest)) {
      decode_failures(record, failures);
    }
  }
  return failures;
}

void remove_failure_logs(const Place& partial) {
  for (const std::string& path : log_files(partial)) remove_file({partial.stage, path});
}

}  // namespace pool3::store
