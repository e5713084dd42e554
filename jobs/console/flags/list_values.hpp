#pragma once
// Values of flags that are lists.

#include <string>
#include <vector>

namespace pool3::jobs {

/// Adds the numbers of a text to `values`, with blanks or commas between them; "logspace:LOW:HIGH:COUNT" stands for
/// COUNT of them from LOW to HIGH in equal factors. Throws usage Error, which names the flag.
void append_numbers(const std::string& name, std::string text, std::vector<double>& values);

/// The single words of a flag of add_words().
[[nodiscard]] std::vector<std::string> words_of(const std::vector<std::string>& values);

/// The first words of a list, up to 16 KiB, and then how many there are: an attribute of a file holds 64 KiB.
[[nodiscard]] std::vector<std::string> in_short(std::vector<std::string> words);

}  // namespace pool3::jobs
