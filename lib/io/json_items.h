// Large JSON files of many like items (COCO, Karpathy), one item at a time: nothing is held but the item being read.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.h"

namespace fovea::io {

// `list` is the name of the list that holds the item, "" where the file itself is one; `index` counts within it;
// `place` is "ORIGIN: LIST[INDEX]".
using JsonItemUser =
    std::function<void(std::string_view list, int64_t index, const Json& item, const std::string& place)>;

// The file is an object, and the items of those of its members that are named in `lists` are passed on in the order of
// the file; other members are passed over. With `lists` empty the file is itself the list. Throws Error(kData):
// "ORIGIN:LINE:COLUMN: ..." for what is no JSON, "ORIGIN: ..." for another shape, more than kJsonMaxDepth levels, and a
// list of `lists` that is missing.
void for_each_json_item(std::string_view text, const std::string& origin, const std::vector<std::string>& lists,
                        const JsonItemUser& use);

}  // namespace fovea::io
