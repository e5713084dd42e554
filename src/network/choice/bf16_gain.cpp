#include "network/choice/bf16_gain.hpp"

#include <fmt/format.h>

#include "network/choice/measured_cpus.hpp"
#include "pool3/files.hpp"

namespace pool3::network {
namespace {

/// Of the kernels' speed: change it when they get faster or slower, and all CPUs are timed again.
constexpr int timing_version = 1;

/// What a file of an outcome starts with: it must be of this very CPU.
std::string head_of(const CpuModel& cpu, Instructions instructions) {
  return fmt::format("pool3 timing {}: {} {}/{}/{} {}, {}: bf16 is ", timing_version, cpu.vendor, cpu.family, cpu.model,
                     cpu.stepping, cpu.name, to_string(instructions));
}

std::string file_name(const CpuModel& cpu, Instructions instructions) {
  return fmt::format("timing-{}-{}-{}-{}-{}.txt", cpu.vendor, cpu.family, cpu.model, cpu.stepping,
                     instruction_names.at(static_cast<std::size_t>(instructions)));
}

constexpr std::string_view faster_word = "faster\n", slower_word = "not faster\n";

std::optional<bool> read_outcome(const std::string& path, const std::string& head) try {
  if (!file_exists(path)) return {};
  const std::string text = read_source({"time the CPU", path}, 4096);
  if (text == head + std::string(faster_word)) return true;
  if (text == head + std::string(slower_word)) return false;
  return {};
} catch (const Error&) {
  return {};
}

void keep_outcome(const std::filesystem::path& folder, const std::string& name, const std::string& text) try {
  make_folder({"time the CPU", folder.string()});
  write_whole_file({"time the CPU", (folder / name).string()}, text, {.durable = false, .sweep = false});
} catch (const Error&) {  // it is timed again then
}

}  // namespace

KnownGain known_gain(const CpuModel& cpu, Instructions instructions, const std::optional<std::filesystem::path>& folder,
                     const std::function<double()>& time) {
  if (const MeasuredCpu* measured = find_measured(cpu, instructions))
    return {measured->gain >= least_gain,
            fmt::format("measured on {}: {} times as fast as fp32", measured->people_say, measured->gain)};
  const std::string head = head_of(cpu, instructions), name = file_name(cpu, instructions);
  if (folder)
    if (const auto earlier = read_outcome((*folder / name).string(), head))
      return {*earlier, fmt::format("timed earlier on a {}", cpu.name)};
  const double gain = time();
  const bool faster = gain >= least_gain;
  if (folder) keep_outcome(*folder, name, head + std::string(faster ? faster_word : slower_word));
  return {faster, fmt::format("timed on this {}: {:.1f} times as fast as fp32", cpu.name, gain)};
}

}  // namespace pool3::network
