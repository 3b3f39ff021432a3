### The words for each metric and each feature of a customer.

## Metrics: what it states, the clause of a headline where it rose and where it fell.

phrase-nps =
    .states = Net Promoter Score stands at { $value }
    .rose = customers recommend you more
    .fell = customers recommend you less
phrase-csat =
    .states = { $value } of answers say satisfied
    .rose = more customers are satisfied
    .fell = fewer customers are satisfied
phrase-ces =
    .states = { $value } found it easy to deal with you
    .rose = dealing with you got easier
    .fell = dealing with you got harder
phrase-response_rate =
    .states = { $value } of those asked answered
    .rose = more of those asked answered
    .fell = fewer of those asked answered
phrase-churn_rate =
    .states = { $value } of customers left
    .rose = more customers left
    .fell = fewer customers left
phrase-renewal_rate =
    .states = { $value } of terms due were renewed
    .rose = more terms were renewed
    .fell = fewer terms were renewed
phrase-turnover =
    .states = Turnover came to { $value }
    .rose = turnover rose
    .fell = turnover fell
phrase-recurring_revenue =
    .states = Subscribers pay { $value } a month
    .rose = subscribers pay more a month
    .fell = subscribers pay less a month
phrase-revenue =
    .states = Shop revenue came to { $value }
    .rose = shop revenue rose
    .fell = shop revenue fell
phrase-n_orders =
    .states =
        { $n ->
            [0] No orders
            [one] { $n } order
           *[other] { $n } orders
        } came in
    .rose = more orders came in
    .fell = fewer orders came in
phrase-average_order_value =
    .states = An order brings { $value } on average
    .rose = orders got larger
    .fell = orders got smaller
phrase-transactions_per_customer =
    .states =
        Each buyer ordered { $n ->
            [1] once
           *[other] { $value } times
        } on average
    .rose = customers ordered more often
    .fell = customers ordered less often
phrase-new_customers =
    .states =
        { $n ->
            [0] No new customers
            [one] { $n } new customer
           *[other] { $n } new customers
        } joined
    .rose = more new customers joined
    .fell = fewer new customers joined
phrase-customer_acquisition_cost =
    .states = { $value } buys a new customer
    .rose = winning a customer got dearer
    .fell = winning a customer got cheaper
phrase-lead_conversion =
    .states = { $value } of leads became customers
    .rose = more leads converted
    .fell = fewer leads converted
phrase-customer_origin =
    .states = { $value } of new customers came from a known origin
    .rose = more of the origins are known
    .fell = fewer of the origins are known
phrase-win_rate =
    .states = { $value } of deals decided were won
    .rose = a larger share of deals was won
    .fell = a smaller share of deals was won
phrase-sales_cycle =
    .states = Closing a deal takes { $value }
    .rose = deals took longer to close
    .fell = deals closed faster
phrase-revenue_churn =
    .states = { $value } of recurring revenue was lost
    .rose = more recurring revenue was lost
    .fell = less of it was lost
phrase-gross_revenue_retention =
    .states = { $value } of recurring revenue was kept
    .rose = more recurring revenue was kept
    .fell = less recurring revenue was kept
phrase-net_revenue_retention =
    .states = Customers at start still pay { $value } of what they paid
    .rose = customers at start pay more
    .fell = customers at start pay less
phrase-active_customers =
    .states =
        You started with { $n ->
            [0] no active customers
            [one] { $n } active customer
           *[other] { $n } active customers
        }
    .rose = more customers are active
    .fell = fewer customers are active
phrase-customer_retention_cost =
    .states = { $value } was spent on keeping each customer
    .rose = keeping a customer got dearer
    .fell = keeping a customer got cheaper
phrase-net_new_revenue =
    .states = Recurring revenue changed by { $value } a month
    .rose = recurring revenue developed better
    .fell = recurring revenue developed worse
phrase-churned_mrr =
    .states = Subscribers who left took { $value } a month with them
    .rose = leavers took more recurring revenue with them
    .fell = leavers took less recurring revenue with them
phrase-margin =
    .states = Margin came to { $value }
    .rose = margin rose
    .fell = margin fell
phrase-repeat_rate =
    .states = { $value } of buyers had bought before
    .rose = more of the buyers had bought before
    .fell = fewer of the buyers had bought before
phrase-days_between_orders =
    .states = Buyers come back after { $value }
    .rose = buyers wait longer to come back
    .fell = buyers come back sooner
phrase-click_rate =
    .states = { $value } of messages were clicked
    .rose = more messages were clicked
    .fell = fewer messages were clicked
phrase-mentions =
    .states =
        Others wrote { $n ->
            [0] no posts
            [one] { $n } post
           *[other] { $n } posts
        } about you
    .rose = others write about you more
    .fell = others write about you less
phrase-engagement_rate =
    .states = { $value } of showings led to a reaction
    .rose = posts bring more
    .fell = posts bring less
phrase-monthly_margin_per_customer =
    .states = An active customer brings a margin of { $value } a month
    .rose = customers bring more margin
    .fell = customers bring less margin
phrase-payback_months =
    .states = A new customer has paid back after { $value }
    .rose = new customers pay back later
    .fell = new customers pay back sooner
phrase-time_to_purchase =
    .states = From first contact to purchase it takes { $value }
    .rose = leads take longer to buy
    .fell = leads buy sooner
phrase-active_users =
    .states =
        { $n ->
            [0] No colleagues
            [one] { $n } colleague
           *[other] { $n } colleagues
        } worked with the CRM
    .rose = more colleagues use the CRM
    .fell = fewer colleagues use the CRM
phrase-login_frequency =
    .states =
        A user of the CRM logs in { $n ->
            [1] once
           *[other] { $value } times
        } a week
    .rose = users log in more often
    .fell = users log in less often
phrase-records_created =
    .states = Records created come to { $value } a week and user
    .rose = users create more records
    .fell = users create fewer records
phrase-other_activity =
    .states = Other things done in the CRM come to { $value } a week and user
    .rose = users do more in the CRM
    .fell = users do less in the CRM
phrase-delivery_rate =
    .states = { $value } of messages were delivered
    .rose = more messages were delivered
    .fell = fewer messages were delivered
phrase-email_conversion =
    .states = { $value } of messages led to an order
    .rose = more messages led to an order
    .fell = fewer messages led to an order
phrase-unsubscribe_rate =
    .states = { $value } of messages made someone unsubscribe
    .rose = more customers unsubscribed
    .fell = fewer unsubscribed
phrase-acquisition_spend =
    .states = { $value } was spent on winning customers
    .rose = more was spent on winning customers
    .fell = less was spent on winning customers
phrase-budget_used =
    .states = { $value } of the budget was used
    .rose = more of the budget was used
    .fell = less of the budget was used
phrase-marketing_roi =
    .states = The return on marketing was { $value }
    .rose = marketing returned more
    .fell = marketing returned less
phrase-return_on_ad_spend =
    .states = Campaigns brought { $value } their cost in revenue
    .rose = campaigns brought more revenue
    .fell = campaigns brought less revenue
phrase-open_deals =
    .states =
        You have { $n ->
            [0] no deals
            [one] { $n } deal
           *[other] { $n } deals
        } open
    .rose = more deals are open
    .fell = fewer deals are open
phrase-open_amount =
    .states = Open deals amount to { $value }
    .rose = open deals amount to more
    .fell = open deals amount to less
phrase-time_in_stage =
    .states = A deal stands in a stage for { $value }
    .rose = deals stand in a stage longer
    .fell = deals pass a stage faster
phrase-lead_abandonment =
    .states = { $value } of leads were given up
    .rose = more leads were given up
    .fell = fewer leads were given up
phrase-days_to_win_first_quarter =
    .states = A quarter of the wins takes { $value } or less
    .rose = the fastest wins took longer
    .fell = the fastest wins came sooner
phrase-days_to_win_half =
    .states = Half of the wins take { $value } or less
    .rose = wins took longer
    .fell = wins came sooner
phrase-days_to_win_three_quarters =
    .states = Three quarters of the wins take { $value } or less
    .rose = the slowest wins took longer
    .fell = the slowest wins came sooner
phrase-deals_opened =
    .states =
        You opened { $n ->
            [0] no deals
            [one] { $n } deal
           *[other] { $n } deals
        }
    .rose = more deals were opened
    .fell = fewer deals were opened
phrase-deals_won =
    .states =
        You won { $n ->
            [0] no deals
            [one] { $n } deal
           *[other] { $n } deals
        }
    .rose = more deals were won
    .fell = fewer deals were won
phrase-amount_won =
    .states = Deals won amount to { $value }
    .rose = deals won amount to more
    .fell = deals won amount to less
phrase-touches_to_close =
    .states = Winning a deal took { $value }
    .rose = winning a deal took more touches
    .fell = winning a deal took fewer touches
phrase-new_mrr =
    .states = New subscribers bring { $value } a month
    .rose = new subscribers bring more
    .fell = new subscribers bring less
phrase-reactivation_mrr =
    .states = Subscribers who came back bring { $value } a month
    .rose = returning subscribers bring more
    .fell = returning subscribers bring less
phrase-expansion_mrr =
    .states = Larger subscriptions bring { $value } more a month
    .rose = subscriptions grew by more
    .fell = subscriptions grew by less
phrase-contraction_mrr =
    .states = Smaller subscriptions cost { $value } a month
    .rose = subscriptions shrank by more
    .fell = subscriptions shrank by less
phrase-referred_customers =
    .states = { $value } of new customers were recommended
    .rose = more new customers were recommended
    .fell = fewer new customers were recommended
phrase-revenue_per_referred_customer =
    .states = A recommended customer ordered for { $value }
    .rose = recommended customers spent more
    .fell = recommended customers spent less
phrase-revenue_per_other_customer =
    .states = Any other customer ordered for { $value }
    .rose = customers not recommended spent more
    .fell = customers not recommended spent less
phrase-retention_break_even =
    .states = Keeping customers pays if it earned { $value } of the repeat margin
    .rose = keeping customers must earn more to pay
    .fell = keeping customers pays more easily
phrase-margin_rate =
    .states = { $value } of revenue was margin
    .rose = a larger share of revenue was margin
    .fell = a smaller share was margin
phrase-product_revenue =
    .states = Products sold for { $value }
    .rose = products sold for more
    .fell = products sold for less
phrase-n_posts =
    .states =
        You wrote { $n ->
            [0] no posts
            [one] { $n } post
           *[other] { $n } posts
        }
    .rose = you posted more
    .fell = you posted less
phrase-reach =
    .states =
        Your posts were seen by { $n ->
            [0] no people
            [one] { $n } person
           *[other] { $n } people
        }, added up
    .rose = posts reached more
    .fell = posts reached fewer
phrase-reactions =
    .states =
        Posts drew { $n ->
            [0] no reactions
            [one] { $n } reaction
           *[other] { $n } reactions
        }
    .rose = posts drew more reactions
    .fell = posts drew fewer reactions
phrase-customer_authored_share =
    .states = { $value } of posts were written by customers
    .rose = customers wrote more of the posts
    .fell = customers wrote fewer of the posts
phrase-visitors =
    .states =
        { $n ->
            [0] No visitors
            [one] { $n } visitor
           *[other] { $n } visitors
        } came to the site
    .rose = more visitors came
    .fell = fewer visitors came
phrase-traffic_to_lead =
    .states = { $value } of visitors became leads
    .rose = more visitors became leads
    .fell = fewer visitors became leads
phrase-landing_page_conversion =
    .states = { $value } of visitors of a landing page did what it asks
    .rose = landing pages convert better
    .fell = landing pages convert worse
phrase-clicks_without_conversion =
    .states =
        { $n ->
            [0] No clicks
            [one] { $n } click
           *[other] { $n } clicks
        } led to nothing
    .rose = more clicks led to nothing
    .fell = fewer clicks led to nothing
phrase-clicks_lost =
    .states = { $value } of clicks led to nothing
    .rose = a larger share of clicks led to nothing
    .fell = a smaller share of clicks led to nothing
phrase-sign_ups =
    .states =
        { $n ->
            [0] No sign-ups
            [one] { $n } sign-up
           *[other] { $n } sign-ups
        } came in
    .rose = more people signed up
    .fell = fewer people signed up
phrase-residual_value =
    .states = A customer is worth { $value } from now on
    .rose = customers are worth more
    .fell = customers are worth less
phrase-new_customer_value =
    .states = A new customer is worth { $value }
    .rose = new customers are worth more
    .fell = new customers are worth less
phrase-clv_to_cac =
    .states = A new customer is worth { $value } her cost
    .rose = newcomers repay their cost better
    .fell = newcomers repay their cost worse
phrase-incremental_value_per_customer =
    .states = Actions brought { $value } per customer
    .rose = actions brought more per customer
    .fell = actions brought less per customer
phrase-incremental_value =
    .states = Actions brought { $value }
    .rose = actions brought more
    .fell = actions brought less
phrase-incremental_margin =
    .states = Actions brought { $value } of margin
    .rose = actions earned more
    .fell = actions earned less
phrase-incremental_roi =
    .states = The return on actions was { $value }
    .rose = actions returned more
    .fell = actions returned less
phrase-revenue_change =
    .states = Shop revenue changed by { $value }
    .rose = shop revenue developed better
    .fell = shop revenue developed worse
phrase-revenue_from_new =
    .states = First-time buyers brought { $value }
    .rose = first-time buyers brought more
    .fell = first-time buyers brought less
phrase-revenue_from_returning =
    .states = Customers who came back brought { $value }
    .rose = returning customers brought more
    .fell = returning customers brought less
phrase-revenue_from_more =
    .states = Customers who bought more added { $value }
    .rose = growing customers added more
    .fell = growing customers added less
phrase-revenue_lost_to_less =
    .states = Customers who bought less cost { $value } of shop revenue
    .rose = customers who bought less cost more
    .fell = customers who bought less cost less
phrase-revenue_lost_to_gone =
    .states = Customers who did not order again cost { $value } of shop revenue
    .rose = customers who did not order again cost more
    .fell = customers who did not order again cost less
phrase-revenue_change_of_guests =
    .states = Shop revenue of guests changed by { $value }
    .rose = guests bought more
    .fell = guests bought less
phrase-engagement_score =
    .states = Customers take part at { $value } of 100
    .rose = customers take part more
    .fell = customers take part less
phrase-comment_sentiment =
    .states = Comments stand at { $value } of sentiment
    .rose = comments got kinder
    .fell = comments got less kind
phrase-post_sentiment =
    .states = Posts about you stand at { $value } of sentiment
    .rose = posts got kinder
    .fell = posts got less kind

phrase-other =
    .states = { $label }: { $value }
    .rose = { $label } rose
    .fell = { $label } fell

## Features of a customer that predictions use

phrase-feature-overdue = days since the last order over the usual gap
phrase-feature-days_since_order = days since the last order
phrase-feature-order_gap_days = usual days between orders
phrase-feature-n_orders = orders so far
phrase-feature-n_orders_90_days = orders in the last 90 days
phrase-feature-n_orders_before = orders in the 90 days before
phrase-feature-orders_trend = orders in the last 90 days over those before
phrase-feature-order_value = mean amount of an order
phrase-feature-refund_share = share of the money refunded
phrase-feature-days_since_first_order = days since the first order
phrase-feature-subscribed_days = days subscribed so far
phrase-feature-price_change = last change of the price
phrase-feature-days_as_customer = days as a customer
phrase-feature-days_since_ticket = days since the last support case
phrase-feature-days_to_end = days to the end of the paid term
phrase-feature-n_terms = paid terms so far
phrase-feature-mrr = price per month
phrase-feature-term_months = length of the paid term in months
phrase-feature-n_contacts_90_days = contacts in the last 90 days
phrase-feature-n_tickets_90_days = support cases in the last 90 days
phrase-feature-n_open_tickets = open support cases
phrase-feature-last_nps = last recommendation score
phrase-feature-last_csat = last satisfaction score
phrase-feature-click_share = share of mailings clicked
phrase-feature-has_unsubscribed = unsubscribed from mailings
