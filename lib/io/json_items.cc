#include "io/json_items.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace fovea::io {
namespace {

class ItemHandler : public nlohmann::json_sax<Json> {
 public:
  ItemHandler(std::string_view text, const std::string& origin, const std::vector<std::string>& lists,
              const JsonItemUser& use)
      : text_(text), origin_(origin), lists_(lists), use_(use), found_(lists.size(), false) {}

  bool null() override { return value(nullptr, "null"); }
  bool boolean(bool v) override { return value(v, "true or false"); }
  bool number_integer(int64_t v) override { return value(v, "a number"); }
  bool number_unsigned(uint64_t v) override { return value(v, "a number"); }
  bool number_float(double v, const std::string&) override { return value(v, "a number"); }
  bool string(std::string& v) override { return value(std::move(v), "text"); }
  bool binary(Json::binary_t&) override { return value(nullptr, "bytes"); }
  bool start_object(size_t) override { return open(Json::object(), "an object"); }
  bool start_array(size_t) override { return open(Json::array(), "a list"); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    if (!stack_.empty()) {
      keys_.back() = std::move(name);
    } else if (depth_ == 1 && !lists_.empty()) {
      const auto found = std::find(lists_.begin(), lists_.end(), name);
      wanted_ = found != lists_.end();
      if (wanted_) {
        const auto at = static_cast<size_t>(found - lists_.begin());
        if (found_[at]) fail_data(origin_ + ": " + printable(name), "one such list", "it again");
        found_[at] = true;
        list_ = *found;
        index_ = 0;
      }
    }
    return true;
  }

  bool parse_error(size_t position, const std::string&, const Json::exception& error) override {
    const std::string_view before = text_.substr(0, std::min(position > 0 ? position - 1 : 0, text_.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    const std::string place = fmt::format("{}:{}:{}", origin_, line, before.size() - start + 1);
    if (error.id == 406) fail_data(place, "numbers within float64", "a larger one");
    const std::string_view rest = text_.substr(before.size());
    const std::string_view what = error.what();
    const bool text = what.find("UTF-8") != std::string_view::npos || what.find("surrogate") != std::string_view::npos;
    fail_data(place, text ? "UTF-8 text" : "valid JSON",
              rest.empty() ? "the end" : "'" + printable(rest.substr(0, 60)) + "'");
  }

  void finish() const {
    for (size_t i = 0; i < lists_.size(); ++i) {
      if (!found_[i]) fail_data(origin_, "a list '" + lists_[i] + "'", "none");
    }
  }

 private:
  std::string_view text_;
  const std::string& origin_;
  const std::vector<std::string>& lists_;
  const JsonItemUser& use_;
  std::vector<bool> found_;
  int depth_ = 0;
  bool wanted_ = false;  // inside a wanted member of the root
  std::string list_;
  int64_t index_ = 0;
  std::vector<Json> stack_;        // open objects and lists of the item being read
  std::vector<std::string> keys_;  // the key that each waits at

  int item_depth() const { return lists_.empty() ? 1 : 2; }
  std::string place() const { return fmt::format("{}: {}[{}]", origin_, list_.empty() ? "" : list_, index_); }

  void add(Json value) {
    if (stack_.back().is_array()) {
      stack_.back().push_back(std::move(value));
    } else {
      stack_.back()[keys_.back()] = std::move(value);
    }
  }
  void emit(const Json& item) {
    use_(list_, index_, item, place());
    ++index_;
  }

  bool value(Json item, const char* kind) {
    if (!stack_.empty()) {
      add(std::move(item));
    } else if (depth_ == 0) {
      fail_data(origin_, lists_.empty() ? "a list" : "an object", kind);
    } else if (lists_.empty() || (wanted_ && depth_ == 2)) {
      emit(item);
    } else if (wanted_ && depth_ == 1) {
      fail_data(origin_ + ": " + list_, "a list", kind);
    }
    return true;
  }

  bool open(Json container, const char* kind) {
    if (++depth_ > kJsonMaxDepth) {
      fail(ErrorKind::kData, "{}: JSON: expected at most {} levels, found more", origin_, kJsonMaxDepth);
    }
    const bool list = container.is_array();
    if (depth_ == 1) {
      if (list != lists_.empty()) fail_data(origin_, lists_.empty() ? "a list" : "an object", kind);
    } else if (depth_ == 2 && wanted_ && !lists_.empty()) {
      if (!list) fail_data(origin_ + ": " + list_, "a list", kind);
    } else if (depth_ > item_depth() && (wanted_ || lists_.empty())) {
      stack_.push_back(std::move(container));
      keys_.emplace_back();
    }
    return true;
  }

  bool close() {
    --depth_;
    if (stack_.empty()) {
      if (depth_ == 1) wanted_ = false;
      return true;
    }
    Json done = std::move(stack_.back());
    stack_.pop_back();
    keys_.pop_back();
    if (stack_.empty()) {
      emit(done);
    } else {
      add(std::move(done));
    }
    return true;
  }
};

}  // namespace

void for_each_json_item(std::string_view text, const std::string& origin, const std::vector<std::string>& lists,
                        const JsonItemUser& use) {
  ItemHandler handler(text, origin, lists, use);
  Json::sax_parse(text.begin(), text.end(), &handler);
  handler.finish();
}

}  // namespace fovea::io
