#pragma once
// Flags and config files of the subcommands.

#include <boost/program_options.hpp>
#include <set>
#include <string>
#include <vector>

namespace pool3::jobs {

/// The flags of one subcommand. A config file holds `flag = value` lines; those under `[COMMAND]` count for that
/// subcommand alone. Flags on the command line win over the file.
class OptionParser {
 public:
  OptionParser(std::string command, std::string summary);

  /// A flag with a default, or without one: then it is required. `stored` false: does not change what is made, so
  /// it is left out of the configuration that files carry.
  template <typename T>
  void add(const std::string& name, T& value, const std::string& help, const T& fallback, bool stored = true) {
    declare(name, boost::program_options::value<T>(&value)->default_value(fallback), help, stored);
  }
  template <typename T>
  void add_required(const std::string& name, T& value, const std::string& help, bool stored = true) {
    declare(name, boost::program_options::value<T>(&value)->required(), help, stored);
  }
  /// May be left out; `value` then stays as it is.
  template <typename T>
  void add_optional(const std::string& name, T& value, const std::string& help) {
    declare(name, boost::program_options::value<T>(&value), help, true);
  }
  /// A flag without a value.
  void add_switch(const std::string& name, bool& value, const std::string& help, bool stored = true);
  /// Several numbers: `--C 0.1 1 10`, `--C 0.1,1,10`, or `C = 0.1 1 10` in a file.
  void add_numbers(const std::string& name, std::vector<double>& values, const std::string& help,
                   const std::string& fallback);
  /// Several texts: `--corpus a b`, `--corpus a --corpus b`, or a line for each in a file.
  void add_list(const std::string& name, std::vector<std::string>& values, const std::string& help);
  /// Arguments without a flag. One of them at least.
  void take_arguments(const std::string& name, std::vector<std::string>& values, const std::string& help);

  /// Sets the declared values. `known_elsewhere`: flags of other subcommands, which a shared config file may hold.
  /// Throws Error (usage).
  void parse(const std::vector<std::string>& arguments, const std::set<std::string>& known_elsewhere);
  [[nodiscard]] std::string help() const;
  [[nodiscard]] std::set<std::string> names() const;
  /// The resolved configuration as JSON, without flags that don't change what is made.
  [[nodiscard]] std::string resolved() const;
  [[nodiscard]] const std::string& log_format() const { return log_format_; }
  [[nodiscard]] const std::string& metrics() const { return metrics_; }
  [[nodiscard]] const std::string& prometheus() const { return prometheus_; }

 private:
  void declare(const std::string& name, const boost::program_options::value_semantic* value, const std::string& help,
               bool stored);
  void read_config(const std::string& path, const std::set<std::string>& known_elsewhere,
                   boost::program_options::variables_map& map) const;
  struct Numbers {
    std::string name;
    std::vector<std::string> words;
    std::vector<double>* values;
  };

  std::string command_, summary_, argument_name_, log_format_, config_path_, metrics_, prometheus_;
  boost::program_options::options_description flags_, arguments_;
  boost::program_options::positional_options_description positions_;
  std::set<std::string> unstored_, lists_;
  std::vector<std::unique_ptr<Numbers>> numbers_;
  std::string resolved_;
};

/// The first words of a list, up to 16 KiB, and then how many there are: an attribute of a file holds 64 KiB.
[[nodiscard]] std::vector<std::string> in_short(std::vector<std::string> words);

}  // namespace pool3::jobs
