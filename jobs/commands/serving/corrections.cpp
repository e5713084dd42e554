#include "commands/serving/corrections.hpp"

#include <fcntl.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "pool3/error.hpp"
#include "pool3/files.hpp"
#include "pool3/image.hpp"

namespace pool3::jobs {
namespace {

namespace fs = std::filesystem;
constexpr const char* stage = "serve";
constexpr const char* log_name = "answers.jsonl";
constexpr std::size_t most_label_bytes = 100;

struct Magic {
  std::string_view bytes;
  std::size_t at;
  const char* ending;
};
constexpr std::array magics = {Magic{"\xff\xd8\xff", 0, "jpg"},
                               Magic{"\x89PNG", 0, "png"},
                               Magic{"GIF8", 0, "gif"},
                               Magic{"WEBP", 8, "webp"},
                               Magic{"BM", 0, "bmp"},
                               Magic{"II*", 0, "tif"},
                               Magic{"MM", 0, "tif"},
                               Magic{"P1", 0, "pbm"},
                               Magic{"P4", 0, "pbm"},
                               Magic{"P2", 0, "pgm"},
                               Magic{"P5", 0, "pgm"},
                               Magic{"P3", 0, "ppm"},
                               Magic{"P6", 0, "ppm"}};

std::int64_t pictures_in(const std::string& folder) {
  std::int64_t count = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec))
    if (at->is_regular_file(ec)) ++count;
  return count;
}

}  // namespace

bool is_good_label(const std::string& label) {
  if (label.empty() || label.size() > most_label_bytes || label.front() == '.' || label.front() == ' ' ||
      label.back() == ' ' || valid_utf8(label) != label.size() || one_line(label) != label || label == log_name)
    return false;
  return label.find_first_of("/\\:*?\"<>|") == std::string::npos;
}

std::string ending_of(const std::string& picture) {
  for (const Magic& magic : magics)
    if (picture.size() >= magic.at && std::string_view(picture).substr(magic.at).starts_with(magic.bytes))
      return magic.ending;
  return {};
}

Corrections::Corrections(std::string folder, std::int64_t most) : folder_(std::move(folder)), most_(most) {
  if (folder_.empty()) return;
  make_folder({stage, folder_});
  check_folder({stage, (fs::path(folder_) / log_name).string()});
  count_ = pictures_in(folder_);
}

std::string Corrections::keep(const Correction& correction) {
  if (!is_good_label(correction.label)) return "this can't be the name of a class";
  const std::string ending = ending_of(correction.picture);
  if (ending.empty()) return "this is no picture";
  const std::string key = to_hex(content_key(std::as_bytes(std::span(correction.picture))));
  const std::lock_guard lock(mutex_);
  if (count_ >= most_) return "the folder of corrections is full";
  const fs::path folder = fs::path(folder_) / correction.label;
  const std::string path = (folder / (key + "." + ending)).string();
  make_folder({stage, folder.string()});
  if (!file_exists(path)) ++count_;
  write_whole_file({stage, path}, correction.picture, {.durable = true, .sweep = false});
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  const nlohmann::ordered_json line = {{"path", correction.label + "/" + key + "." + ending},
                                       {"label", correction.label},
                                       {"predicted", utf8_text(correction.predicted)},
                                       {"time", now.count()}};
  const Descriptor log = open_own({stage, (fs::path(folder_) / log_name).string()}, O_WRONLY | O_CREAT | O_CLOEXEC);
  log.write(log.size(), one_line_json(line.dump()) + "\n");
  return {};
}

}  // namespace pool3::jobs
