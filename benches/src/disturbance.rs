//! How much else the machine did during a measurement.

use std::fs;

use serde::Serialize;

/// Other processes may take this share of the machine.
const MOST_OTHERS: f64 = 0.05;

/// The hypervisor may take this share.
const MOST_STOLEN: f64 = 0.02;

/// The floor may differ by this share of its median from round to round.
const MOST_SPREAD: f64 = 0.15;

/// Processor time in ticks of the kernel.
pub struct Gauge {
    total: u64,
    busy: u64,
    stolen: u64,
    ours: u64,
}

/// What the machine did besides the measurement.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Load {
    /// The share of all processors that went to processes that do not take part.
    pub others: f64,
    /// The share that the hypervisor gave to other machines.
    pub stolen: f64,
}

impl Gauge {
    /// Reads the counters; `None` where the kernel has no `/proc/stat`.
    pub fn read() -> Option<Self> {
        let text = fs::read_to_string("/proc/stat").ok()?;
        // user, nice, system, idle, iowait, irq, softirq, steal: man 5 proc_stat
        let fields = text.lines().next()?.split_whitespace().skip(1).take(8);
        let ticks: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
        let [user, nice, system, _, _, irq, softirq, steal] = ticks[..] else {
            return None;
        };
        Some(Gauge {
            total: ticks.iter().sum(),
            busy: user + nice + system + irq + softirq,
            stolen: steal,
            ours: participants(),
        })
    }

    /// The load since it was read.
    pub fn load(&self) -> Option<Load> {
        let now = Gauge::read()?;
        let total = now.total.saturating_sub(self.total).max(1) as f64;
        let busy = now.busy.saturating_sub(self.busy);
        let ours = now.ours.saturating_sub(self.ours);
        Some(Load {
            others: busy.saturating_sub(ours) as f64 / total,
            stolen: now.stolen.saturating_sub(self.stolen) as f64 / total,
        })
    }
}

/// The ticks of this process, of its children, and of the database server.
fn participants() -> u64 {
    let own = std::process::id();
    let Ok(folders) = fs::read_dir("/proc") else {
        return 0;
    };
    let stats = folders.filter_map(|folder| {
        let folder = folder.ok()?;
        let pid: u32 = folder.file_name().to_str()?.parse().ok()?;
        let text = fs::read_to_string(folder.path().join("stat")).ok()?;
        // The name is in parentheses, and may contain any character: man 5 proc_pid_stat
        let (before, after) = text.rsplit_once(')')?;
        let name = before.split_once('(')?.1;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let parent: u32 = fields.get(1)?.parse().ok()?;
        let takes_part = pid == own || parent == own || name == "postgres";
        let ticks: u64 = fields.get(11)?.parse().ok()?;
        let in_kernel: u64 = fields.get(12)?.parse().ok()?;
        takes_part.then_some(ticks + in_kernel)
    });
    stats.sum()
}

/// Why a result is not to be trusted, in words; empty if it is.
pub fn reasons(load: Option<Load>, spread: f64) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(Load { others, stolen }) = load {
        if others > MOST_OTHERS {
            reasons.push(format!("other processes took {:.0} %", others * 100.0));
        }
        if stolen > MOST_STOLEN {
            reasons.push(format!("other machines took {:.0} %", stolen * 100.0));
        }
    }
    if spread > MOST_SPREAD {
        reasons.push(format!("the floor varied by ± {:.0} %", spread * 100.0));
    }
    reasons
}
