mod backward_weight;
mod case;
mod forward;
mod winograd;
