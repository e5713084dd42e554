#pragma once
// Flags and config files of the subcommands.

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "console/help.hpp"

namespace pool3::jobs {

/// What changes when a flag gets another value.
enum class Changes {
  rows,     ///< what is computed: which rows, labels, a model
  content,  ///< rows, through the content of what it names, which Provenance tells: another value may give the same
            ///< file
  file,     ///< where the result lies and how it is laid out, and no value in it
  nothing,  ///< how fast it goes, what is said meanwhile, when it ends early
};
/// Files carry these flags as their configuration.
[[nodiscard]] constexpr bool changes_rows(Changes changes) { return changes <= Changes::content; }

/// The flags of one subcommand. A config file holds `flag = value` lines; those under `[COMMAND]` count for that
/// subcommand alone. Flags on the command line win over the file.
class OptionParser {
 public:
  OptionParser(std::string command, std::string summary);

  /// Flags that are added from now on stand under this heading in the help. A heading may be taken up again.
  void group(const std::string& heading) { heading_ = heading; }

  /// A flag with a default.
  template <typename T>
  void add(const std::string& name, T& value, const std::string& help, const T& fallback,
           Changes changes = Changes::rows) {
    const auto shown = fmt::format("{}", fallback);  // of numbers, the shortest form that reads back as the same
    declare(name, boost::program_options::value<T>(&value)->default_value(fallback, shown), help, changes);
  }
  /// A flag that must be given.
  template <typename T>
  void add_required(const std::string& name, T& value, const std::string& help, Changes changes = Changes::rows) {
    declare(name, boost::program_options::value<T>(&value)->required(), help, changes);
  }
  /// A flag without a value.
  void add_switch(const std::string& name, bool& value, const std::string& help, Changes changes = Changes::rows);
  /// Several numbers: `--C 0.1 1 10`, `--C 0.1,1,10`, or `C = 0.1 1 10` in a file.
  void add_numbers(const std::string& name, std::vector<double>& values, const std::string& help,
                   const std::string& fallback);
  /// Several texts: `--corpus a b`, `--corpus a --corpus b`, or a line for each in a file.
  void add_list(const std::string& name, std::vector<std::string>& values, const std::string& help,
                Changes changes = Changes::rows);
  /// Words without a flag are values of this one too, which has been declared: all of them for a list, else one.
  void take_without_flag(const std::string& name);
  /// Arguments without a flag. At least one must be given.
  void take_arguments(const std::string& name, std::vector<std::string>& values, const std::string& help);

  /// Sets the declared values. `known_elsewhere`: flags of other subcommands, which a shared config file may hold.
  /// Throws Error (usage).
  void parse(const std::vector<std::string>& arguments, const std::set<std::string>& known_elsewhere);
  [[nodiscard]] std::string help() const;
  [[nodiscard]] std::set<std::string> names() const;
  /// Only of the flags that change this.
  [[nodiscard]] std::set<std::string> names(Changes changes) const;
  /// Only of the flags that change rows, in whatever way.
  [[nodiscard]] std::set<std::string> names_that_change_rows() const;
  /// The resolved configuration as JSON: the flags that change rows.
  [[nodiscard]] const std::string& resolved() const { return resolved_; }
  [[nodiscard]] const std::string& log_format() const { return log_format_; }
  [[nodiscard]] const std::string& metrics() const { return metrics_; }
  [[nodiscard]] const std::string& prometheus() const { return prometheus_; }

 private:
  struct Flag {
    std::string name, heading;
    Changes changes;
  };
  struct Numbers {
    std::string name;
    std::vector<std::string> words;
    std::vector<double>* values;
  };
  void declare(const std::string& name, const boost::program_options::value_semantic* value, const std::string& help,
               Changes changes);
  void declare_common_flags();
  void read_config(const std::string& path, const std::set<std::string>& known_elsewhere,
                   boost::program_options::variables_map& map) const;
  [[nodiscard]] std::string see_help() const;
  [[nodiscard]] std::string unknown_flag(const std::string& given) const;
  [[nodiscard]] std::string stray_word(const std::string& word, const std::vector<std::string>& arguments) const;
  void resolve(const boost::program_options::variables_map& map);

  std::string command_, summary_, heading_, argument_name_, argument_help_;
  std::string log_format_, config_path_, metrics_, prometheus_, resolved_;
  boost::program_options::options_description described_, arguments_;
  boost::program_options::positional_options_description positions_;
  bool argument_is_optional_ = false;
  std::vector<Flag> flags_;
  std::set<std::string> lists_;
  std::vector<std::unique_ptr<Numbers>> numbers_;
};

/// The first words of a list, up to 16 KiB, and then how many there are: an attribute of a file holds 64 KiB.
[[nodiscard]] std::vector<std::string> in_short(std::vector<std::string> words);

}  // namespace pool3::jobs
