//! Each operation of each contestant under criterion: absolute times on this machine.

use std::time::Duration;

use benches::{Operation, Stage, verify};
use catamaran::Engine;
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

fn operations(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime can be made");
    for engine in Engine::ALL {
        let stage = runtime
            .block_on(Stage::set(engine))
            .expect("the database can be had");
        runtime
            .block_on(verify(&stage))
            .expect("the contestants do the same thing");
        for operation in Operation::ALL {
            measure(criterion, &runtime, &stage, operation);
        }
    }
}

fn measure(criterion: &mut Criterion, runtime: &Runtime, stage: &Stage, operation: Operation) {
    let name = format!("{} {}", stage.engine(), operation.name());
    let mut group = criterion.benchmark_group(name);
    group
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .sample_size(10)
        .throughput(Throughput::Elements(1));
    if operation.is_bulk() {
        group.sampling_mode(SamplingMode::Flat);
    }
    for contestant in stage.contestants() {
        if !contestant.can(operation) {
            continue;
        }
        group.bench_function(contestant.name(), |bencher| {
            bencher.to_async(runtime).iter_custom(|times| async move {
                operation
                    .measure(stage, contestant.as_ref(), times)
                    .await
                    .expect("the contestant gives no error")
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = operations
}
criterion_main!(benches);
