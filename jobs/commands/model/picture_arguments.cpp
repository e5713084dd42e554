#include "commands/model/picture_arguments.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "console/output.hpp"
#include "pool3/corpus.hpp"
#include "pool3/image.hpp"
#include "pool3/partition.hpp"

namespace pool3::jobs {
namespace {

namespace fs = std::filesystem;

constexpr const char* stdin_name = "-";
constexpr std::int64_t of_a_round = 128;  // pictures of a rank
constexpr std::size_t head_bytes = 64;

bool is_picture(std::span<const std::byte> bytes) try {
  check_head(bytes.first(std::min(bytes.size(), head_bytes)));
  return true;
} catch (const ImageError&) {
  return false;
}

/// Something that holds pictures.
bool is_source(const std::string& argument) {
  if (argument == stdin_name) return false;
  struct stat info {};
  if (::stat(argument.c_str(), &info) != 0) return argument.find_first_of("{*?[") != std::string::npos;
  if (S_ISDIR(info.st_mode)) return true;
  if (!S_ISREG(info.st_mode) || info.st_size == 0) return false;
  if (names_picture(argument) || names_unread_picture(argument)) return false;
  std::string head(head_bytes, '\0');
  std::ifstream file(argument, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  return !head.empty() && !is_picture(std::as_bytes(std::span(head)));
}

/// The folder that entries of a source are shown below, and what comes before a relative path.
std::string folder_of(const std::string& source) {
  std::error_code error;
  if (fs::is_directory(source, error)) return source.ends_with('/') ? source : source + "/";
  const std::size_t end = source.rfind('/');
  return end == std::string::npos ? "" : source.substr(0, end + 1);
}

/// Collective.
void add_source(const Communicator& comm, const std::string& source, Log& log, std::vector<NamedPicture>& pictures) {
  const Manifest manifest = list_corpus(
      comm,
      {.corpus = {source}, .labels = parse_label_rule("none"), .path_column = {}, .label_column = {}, .classes = {}});
  for (const std::string& note : manifest.notes) log.line("predict", note);
  const std::string folder = folder_of(source);
  const bool is_clear = folder.find_first_of("{*?[") == std::string::npos;
  for (std::int64_t i = 0; i < manifest.size(); ++i) {
    const std::string path = full_path(manifest.root, manifest.paths[i]);
    const bool whole = manifest.paths[i].starts_with('/') || !is_clear;
    pictures.push_back({whole ? path : folder + std::string(manifest.paths[i]), path});
  }
}

std::string all_of_stdin() {
  std::string all;
  std::array<char, 65536> piece{};
  for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), stdin)) > 0;) all.append(piece.data(), n);
  if (std::ferror(stdin) != 0) throw Error({.stage = "predict", .path = "standard input", .cause = "can't be read"});
  return all;
}

void add_lines(const std::string& text, std::vector<NamedPicture>& pictures) {
  const char end_of_path = text.find('\0') == std::string::npos ? '\n' : '\0';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(end_of_path, at), text.size());
    std::string path = text.substr(at, end - at);
    if (path.ends_with('\r')) path.pop_back();
    if (!path.empty()) pictures.push_back({path, path});
    at = end + 1;
  }
}

/// Texts with a NUL behind each.
std::vector<std::string> unpack(const std::string& packed) {
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < packed.size();) {
    const std::size_t end = packed.find('\0', at);
    texts.push_back(packed.substr(at, end - at));
    at = end + 1;
  }
  return texts;
}

}  // namespace

NamedPictures find_pictures(const Communicator& comm, const std::vector<std::string>& arguments, Log& log) {
  NamedPictures found;
  for (const std::string& argument : arguments) {
    const bool source = comm.sum(static_cast<std::int64_t>(comm.is_root() && is_source(argument) ? 1 : 0)) > 0;
    if (source) {
      add_source(comm, argument, log, found.pictures);
    } else if (argument != stdin_name || !found.from_stdin.empty()) {
      if (comm.is_root()) found.pictures.push_back({argument, argument});
    } else {
      std::string text;
      comm.root_does([&] { text = all_of_stdin(); });
      const bool picture = comm.is_root() && (text.empty() || is_picture(std::as_bytes(std::span(text))));
      if (comm.is_root() && !picture) add_lines(text, found.pictures);
      if (comm.is_root() && picture) found.pictures.push_back({stdin_name, stdin_name});
      if (!picture) text.clear();
      comm.broadcast(text);
      const auto bytes = std::as_bytes(std::span(text));
      found.from_stdin.assign(bytes.begin(), bytes.end());
    }
  }
  return found;
}

void print_in_order(const Communicator& comm, const std::vector<NamedPicture>& pictures,
                    const std::function<std::vector<std::string>(const std::vector<NamedPicture>&)>& judge) {
  const std::int64_t count = comm.sum(comm.is_root() ? std::ssize(pictures) : 0), ranks = comm.size();
  for (std::int64_t begin = 0; begin < count; begin += of_a_round * ranks) {
    const std::int64_t now = std::min(of_a_round * ranks, count - begin);
    std::vector<std::string> parts(static_cast<std::size_t>(ranks));
    for (std::int64_t rank = 0; rank < ranks && comm.is_root(); ++rank) {
      const RowRange share = even_share(now, ranks, rank);
      for (Row i = share.begin; i < share.end; ++i) {
        const NamedPicture& picture = pictures[static_cast<std::size_t>(begin + i)];
        parts[static_cast<std::size_t>(rank)] += picture.shown + '\0' + picture.path + '\0';
      }
    }
    const std::vector<std::string> texts = unpack(comm.scatter(parts));
    std::vector<NamedPicture> mine;
    for (std::size_t i = 0; i + 1 < texts.size(); i += 2) mine.push_back({texts[i], texts[i + 1]});
    std::string lines;
    comm.all_do([&] {
      for (const std::string& line : judge(mine)) lines += line;
    });
    for (const std::string& text : comm.gather(lines)) print_text(text);
    if (comm.is_root()) flush_output();
  }
}

}  // namespace pool3::jobs
