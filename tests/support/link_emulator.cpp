// The cables and the switch between the hosts of tests/support/hosts, for kernels without a queue that delays
// (sch_netem).
//
//   link_emulator RATE_MBIT DELAY_US NAME=PID...
//
// Attaches to the TAP device eth0 in the network namespace of each PID, says "ready", and carries frames
// until standard input closes. Each host has a cable of RATE_MBIT each way (0: no limit) that a frame
// occupies for its length; between the cables lies DELAY_US. Lines on standard input: `link RATE_MBIT
// DELAY_US`, `down NAME` (the cable is cut: frames are lost, nobody is told), `up NAME`.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <queue>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Frame = std::vector<char>;

constexpr std::chrono::seconds kLongestQueue{
    1};  // what would wait longer is lost, as in a switch with little memory

/// One direction of a cable: frames one after the other.
class Cable {
 public:
  /// When the last bit of a frame that comes at `at` has left.
  Time carry(Time at, std::size_t bytes, double bits_per_second) {
    free_ = std::max(free_, at);
    if (bits_per_second > 0)
      free_ += std::chrono::nanoseconds(
          static_cast<std::int64_t>(8e9 * static_cast<double>(bytes) / bits_per_second));
    return free_;
  }
  bool full(Time at) const { return free_ > at + kLongestQueue; }

 private:
  Time free_{};
};

struct Host {
  std::string name;
  int tap;
  Cable out{}, in{};
  bool cut = false;
};

struct Flight {
  Time lands;
  std::size_t to;
  Frame frame;
  bool operator<(const Flight& other) const {
    return lands > other.lands;
  }  // the earliest is the queue's top
};

int attach_tap(const std::string& pid) {
  const int space = open(("/proc/" + pid + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) != 0)
    throw std::runtime_error("cannot enter the network of process " + pid);
  close(space);
  const int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request{};
  std::strcpy(request.ifr_name, "eth0");
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) != 0)
    throw std::runtime_error("cannot attach to eth0 of process " + pid + " (is there /dev/net/tun?)");
  return tap;
}

class Switch {
 public:
  Switch(double megabits, double microseconds) { set(megabits, microseconds); }

  void add(std::string name, const std::string& pid) { hosts_.push_back({std::move(name), attach_tap(pid)}); }

  void run() {
    std::vector<pollfd> watched{{STDIN_FILENO, POLLIN, 0}};
    for (const Host& host : hosts_) watched.push_back({host.tap, POLLIN, 0});
    while (true) {
      deliver();
      const timespec wait = until_next();
      if (ppoll(watched.data(), watched.size(), flights_.empty() ? nullptr : &wait, nullptr) <= 0) continue;
      if (watched[0].revents != 0 && !obey()) return;
      for (std::size_t from = 0; from < hosts_.size(); ++from)
        if (watched[from + 1].revents != 0) take(from);
    }
  }

 private:
  void set(double megabits, double microseconds) {
    bits_per_second_ = 1e6 * megabits;
    delay_ = std::chrono::nanoseconds(static_cast<std::int64_t>(1e3 * microseconds));
  }

  void take(std::size_t from) {
    std::array<char, 65536> buffer;
    for (int burst = 0; burst < 64; ++burst) {
      const ssize_t length = read(hosts_[from].tap, buffer.data(), buffer.size());
      if (length < 14) return;  // an Ethernet header: destination, source, type
      const Time now = Clock::now();
      if (hosts_[from].cut || hosts_[from].out.full(now)) continue;
      const Frame frame(buffer.data(), buffer.data() + length);
      const Time arrived = hosts_[from].out.carry(now, frame.size(), bits_per_second_) + delay_;
      known_[std::string(&frame[6], 6)] = from;
      const auto known = known_.find(std::string(frame.data(), 6));
      for (std::size_t to = 0; to < hosts_.size(); ++to) {
        if (to == from || (known != known_.end() && known->second != to) || hosts_[to].in.full(now)) continue;
        flights_.push({hosts_[to].in.carry(arrived, frame.size(), bits_per_second_), to, frame});
      }
    }
  }

  void deliver() {
    for (const Time now = Clock::now(); !flights_.empty() && flights_.top().lands <= now; flights_.pop()) {
      const Flight& flight = flights_.top();
      const Host& host = hosts_[flight.to];
      // what a host does not take is lost, as on a cable
      if (!host.cut && write(host.tap, flight.frame.data(), flight.frame.size()) < 0) continue;
    }
  }

  timespec until_next() const {
    if (flights_.empty()) return {};
    const auto left = std::max(flights_.top().lands - Clock::now(), Clock::duration::zero());
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
    return {whole.count(), std::chrono::nanoseconds(left - whole).count()};
  }

  bool obey() {
    std::array<char, 4096> buffer;
    const ssize_t length = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (length <= 0) return false;
    pending_.append(buffer.data(), static_cast<std::size_t>(length));
    for (std::size_t end; (end = pending_.find('\n')) != std::string::npos; pending_.erase(0, end + 1)) {
      std::istringstream line(pending_.substr(0, end));
      std::string what, name;
      line >> what;
      if (double megabits, microseconds; what == "link" && line >> megabits >> microseconds)
        set(megabits, microseconds);
      line >> name;
      for (Host& host : hosts_)
        if (host.name == name) host.cut = what == "down";
    }
    return true;
  }

  double bits_per_second_ = 0;
  std::chrono::nanoseconds delay_{};
  std::vector<Host> hosts_;
  std::map<std::string, std::size_t> known_;  // where a hardware address was last seen
  std::priority_queue<Flight> flights_;
  std::string pending_;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) throw std::runtime_error("usage: link_emulator RATE_MBIT DELAY_US NAME=PID...");
  prctl(PR_SET_TIMERSLACK, 1);  // else a wait is up to 50 us longer than asked for
  Switch network(std::stod(argv[1]), std::stod(argv[2]));
  for (int i = 3; i < argc; ++i) {
    const std::string host = argv[i];
    const std::size_t middle = host.find('=');
    network.add(host.substr(0, middle), host.substr(middle + 1));
  }
  std::puts("ready");
  std::fflush(stdout);
  network.run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "link_emulator: %s\n", error.what());
  return 1;
}
