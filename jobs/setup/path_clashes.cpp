#include "setup/path_clashes.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "pool3/corpus.hpp"
#include "pool3/error.hpp"
#include "pool3/store/maintenance.hpp"
#include "setup/find_weights.hpp"

namespace pool3::jobs {
namespace {

namespace fs = std::filesystem;

/// What is the same file under all of its names.
struct Inode {
  dev_t device = 0;
  ino_t number = 0;
  mode_t mode = 0;
  bool operator==(const Inode& other) const { return device == other.device && number == other.number; }
};

std::optional<Inode> inode_of(const struct stat& info, int result) {
  if (result != 0) return std::nullopt;
  return Inode{info.st_dev, info.st_ino, info.st_mode};
}
/// Of what a path leads to.
std::optional<Inode> inode_of(const std::string& path) {
  struct stat info {};
  return inode_of(info, stat(path.c_str(), &info));
}
/// Of the path itself, though it may be a symbolic link.
std::optional<Inode> own_inode_of(const std::string& path) {
  struct stat info {};
  return inode_of(info, lstat(path.c_str(), &info));
}
std::optional<Inode> inode_of(int descriptor) {
  struct stat info {};
  return inode_of(info, fstat(descriptor, &info));
}

/// A path with every folder in it resolved, and its last name as it is; also of a file that is not there yet.
fs::path place_of(const fs::path& path) {
  std::error_code error;
  const fs::path full = fs::absolute(path, error).lexically_normal();
  const fs::path folder = fs::weakly_canonical(full.parent_path(), error);
  return (error ? full.parent_path() : folder) / full.filename();
}

/// Something that is read, and the symbolic links that lead to it.
struct Input {
  std::string name;  ///< as the command line has it: "--features F.h5"
  std::string flag;
  std::optional<Inode> inode;
  std::vector<Inode> links;
  std::vector<fs::path> places;
  bool is_folder_of_pictures = false, is_folder_of_weights = false;
};

/// Files that are made at one place: one name, or all that a pattern matches.
struct Output {
  std::string name;
  std::string flag, may_replace;
  fs::path place;    ///< with a pattern as last name, its text in front of `tail`
  std::string tail;  ///< pattern that the rest of a name must match; "" for one name
  bool is_link = false;
  std::optional<Inode> inode;  ///< of what is there, unless it is a link that is moved
};

bool matches(const Output& output, const fs::path& place) {
  if (output.tail.empty()) return place == output.place;
  const std::string name = place.filename().string(), head = output.place.filename().string();
  return place.parent_path() == output.place.parent_path() && name.starts_with(head) &&
         fnmatch(output.tail.c_str(), name.c_str() + head.size(), 0) == 0;
}

Input input_of(const std::string& flag, const std::string& path) {
  Input input{.name = fmt::format("{} {}", flag, path), .flag = flag, .inode = inode_of(path)};
  constexpr int most_links = 40;  // as Linux
  fs::path at = path;
  std::error_code error;
  for (int i = 0; i < most_links; ++i) {
    input.places.push_back(place_of(at));
    const auto own = own_inode_of(at.string());
    if (!own || !S_ISLNK(own->mode)) break;
    input.links.push_back(*own);
    at = at.parent_path() / fs::read_symlink(at, error);
  }
  return input;
}

/// The file, and the parts that it stands for.
void add_file(const std::string& flag, const std::string& path, std::vector<Input>& inputs) {
  inputs.push_back(input_of(flag, path));
  for (const std::string& part : linked_parts(path)) inputs.push_back(input_of("the part of " + flag, part));
}

void add(const ReadPath& read, std::vector<Input>& inputs) {
  using Form = ReadPath::Form;
  if (read.form == Form::corpus) {
    for (const std::string& name : source_names({read.path})) {
      inputs.push_back(input_of(read.name, name));
      inputs.back().is_folder_of_pictures = true;
    }
  } else if (read.form == Form::weights) {
    try {
      inputs.push_back(input_of(read.name, find_weights(read.path)));
      inputs.back().is_folder_of_weights = true;
    } catch (const Error&) {  // who reads them says so
    }
  } else if (read.form == Form::dataset && !inode_of(read.path)) {
    add_file(read.name, read.path.substr(0, read.path.rfind(':')), inputs);
  } else {
    add_file(read.name, read.path, inputs);
  }
}

void add(const WrittenPath& written, std::vector<Output>& outputs) {
  const bool is_folder = written.kind == WrittenPath::Kind::folder, is_link = written.kind == WrittenPath::Kind::link;
  const auto add_output = [&](const std::string& path, const std::string& tail, bool itself) {
    outputs.push_back({.name = itself ? fmt::format("{} {}", written.name, path)
                                      : fmt::format("{} {} (which makes {}{})", written.name, written.path, path, tail),
                       .flag = written.name,
                       .may_replace = itself || is_folder ? written.may_replace : "",
                       .place = place_of(path),
                       .tail = tail,
                       .is_link = is_link,
                       .inode = is_link || !tail.empty() ? std::nullopt : inode_of(path)});
  };
  if (!is_folder) add_output(written.path, "", true);
  for (const std::string& more : written.more) {
    const std::size_t star = std::min(more.find('*'), more.size());
    add_output(written.path + (is_folder ? "/" : "") + more.substr(0, star), more.substr(star), false);
  }
}

bool lies_in(const Output& output, const Input& folder) {
  const fs::path inside = output.place.lexically_relative(folder.places.back());
  return !inside.empty() && *inside.begin() != "..";
}

/// True if the output is there, and is one of the files that are read from this folder.
bool is_read_from(const Output& output, const Input& folder) {
  if (!output.inode || !S_ISREG(output.inode->mode) || !folder.inode || !S_ISDIR(folder.inode->mode)) return false;
  if (folder.is_folder_of_pictures) return names_picture(output.place.string()) && lies_in(output, folder);
  // Of TensorFlow.js: JSON and shards of any name.
  return folder.is_folder_of_weights && output.place.extension() != ".safetensors" && lies_in(output, folder);
}

bool would_replace(const Output& output, const Input& input) {
  if (!output.may_replace.empty() && output.may_replace == input.flag) return false;
  if (output.inode && output.inode == input.inode) return true;
  if (const auto own = output.is_link ? own_inode_of(output.place.string()) : std::nullopt)
    if (own == input.inode || std::ranges::find(input.links, *own) != input.links.end()) return true;
  if (std::ranges::any_of(input.places, [&](const fs::path& place) { return matches(output, place); })) return true;
  return is_read_from(output, input);
}

bool are_same(const Output& a, const Output& b) {
  if (a.inode && a.inode == b.inode) return true;
  return (a.tail.empty() && matches(b, a.place)) || (b.tail.empty() && matches(a, b.place)) ||
         (a.place == b.place && a.tail == b.tail);
}

void check_kind(const Output& output) {
  if (!output.inode || S_ISREG(output.inode->mode) || S_ISDIR(output.inode->mode)) return;
  throw usage_error(fmt::format("{} is a pipe, a device or a socket, not a regular file", output.name), "name a file");
}

/// The file that stdout or stderr goes to, if it is one. Both may go to the same.
void add_stream(int descriptor, const char* name, std::vector<Output>& outputs) {
  const auto inode = inode_of(descriptor);
  if (inode && S_ISREG(inode->mode)) outputs.push_back({.name = name, .flag = "", .inode = inode});
}

}  // namespace

void refuse_path_clashes(const NamedPaths& paths) {
  std::vector<Output> outputs;
  for (const WrittenPath& written : paths.writes) add(written, outputs);
  for (const Output& output : outputs) check_kind(output);
  add_stream(STDOUT_FILENO, "standard output", outputs);
  add_stream(STDERR_FILENO, "standard error", outputs);
  if (outputs.empty()) return;  // then no file is looked into
  std::vector<Input> inputs;
  for (const ReadPath& read : paths.reads) add(read, inputs);
  for (const Output& output : outputs)
    for (const Input& input : inputs)
      if (would_replace(output, input))
        throw usage_error(fmt::format("{} would replace {}, which is read", output.name, input.name),
                          "give another name");
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (outputs[i].flag != outputs[k].flag && are_same(outputs[k], outputs[i]))
        throw usage_error(fmt::format("{} and {} are the same file", outputs[k].name, outputs[i].name),
                          "give them different names");
}

}  // namespace pool3::jobs
