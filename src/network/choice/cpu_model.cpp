#include "network/choice/cpu_model.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <array>
#include <cstring>

namespace pool3::network {

#if defined(__x86_64__)
namespace {

using Registers = std::array<unsigned, 4>;  // eax, ebx, ecx, edx

Registers ask(unsigned leaf) {
  Registers r{};
  __get_cpuid(leaf, r.data(), &r[1], &r[2], &r[3]);
  return r;
}

std::string text_of(const unsigned* words, std::size_t count) {
  std::string text(count * 4, '\0');
  std::memcpy(text.data(), words, text.size());
  text.resize(std::strlen(text.c_str()));  // up to the first zero byte
  const auto first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, last + 1 - first);
}

}  // namespace

CpuModel cpu_model() {
  const Registers first = ask(0), second = ask(1);
  const std::array<unsigned, 3> vendor = {first[1], first[3], first[2]};
  const unsigned a = second[0], family = a >> 8U & 15U, low_model = a >> 4U & 15U;
  CpuModel cpu = {
      .vendor = text_of(vendor.data(), vendor.size()),
      .family = static_cast<int>(family == 15 ? family + (a >> 20U & 255U) : family),
      .model = static_cast<int>(family == 15 || family == 6 ? low_model + (a >> 16U & 15U) * 16 : low_model),
      .stepping = static_cast<int>(a & 15U),
      .name = {}};
  if (ask(0x80000000U)[0] < 0x80000004U) return cpu;
  std::array<unsigned, 12> words{};
  for (unsigned i = 0; i < 3; ++i) {
    const Registers r = ask(0x80000002U + i);
    std::memcpy(words.data() + std::size_t{4} * i, r.data(), sizeof r);
  }
  cpu.name = text_of(words.data(), words.size());
  return cpu;
}
#else
CpuModel cpu_model() { return {}; }
#endif

}  // namespace pool3::network
